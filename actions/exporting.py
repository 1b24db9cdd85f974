"""Everything that the store holds on one person, and nothing on anyone else, as JSON with stable keys.

Moments are UTC in ISO 8601. What lets somebody act - the token of a button - is no data about the person and
stays out; so do the ids of staff.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import defer
from sqlmodel import SQLModel, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions import log
from actions.errors import ActionsError
from actions.papers.tables import Paper
from actions.store.approval_tables import Approval
from actions.store.tables import (
    Account,
    Action,
    ActionLog,
    Consent,
    Credit,
    CreditNote,
    GdprCase,
    Invoice,
    Member,
    Outbox,
    Subscription,
)

Row = TypeVar("Row", bound=SQLModel)
Record = dict[str, Any]
Sections = dict[str, list[Record]]

_KEPT_BACK = {Action: {"token"}, Approval: {"staff"}, Paper: {"content"}}


class CannotFulfil(ActionsError):  # noqa: N818
    """A right cannot be carried out as things stand; the message says what staff can do about it."""


ERASED = "erased"
"""What stands where an address stood that may not be empty."""


@dataclass(frozen=True, slots=True)
class DataSubject:
    """Whose data it is. `email` is lower-case; `member` None: somebody who belongs to no account."""

    email: str
    member: Member | None = None

    @property
    def member_id(self) -> str | None:
        return self.member.id if self.member else None

    def owns(self, member_id: Any, email: Any) -> ColumnElement[bool]:
        """Whether a row is theirs, see `owned`."""
        return owned([self.member_id] if self.member_id else [], [self.email], member_id, email)


def owned(
    member_ids: Collection[str], emails: Collection[str], member_id: Any, email: Any
) -> ColumnElement[bool]:
    """Whether a row, by these two columns of it, belongs to one of these people: members by their ids, and
    anybody by the address that they proved. An address counts where no member stands beside it.
    """
    by_address = and_(email.in_(emails), member_id.is_(None))
    return or_(by_address, member_id.in_(member_ids)) if member_ids else by_address


async def subject_of(session: AsyncSession, case: GdprCase) -> DataSubject:
    """Return whose case it is. Raises CannotFulfil where the address was changed since it was proven."""
    if case.email == ERASED:
        raise CannotFulfil(f"the person of case {case.reference} was forgotten; nothing of theirs is left")
    member = await session.get(Member, case.member_id) if case.member_id else None
    if member is None:
        member = (await session.exec(select(Member).where(Member.email == case.email))).first()
    if member and member.email != case.email:
        raise CannotFulfil(
            f"the address of case {case.reference} was changed since it was proven; the person has to prove "
            "the new one and ask again"
        )
    return DataSubject(case.email, member)


async def stored_data(session: AsyncSession, who: DataSubject) -> Sections:
    """Return the person's rows of every table of accounts and actions, by section."""
    actions = await _all(session, Action, who.owns(col(Action.member_id), col(Action.email)))
    ids = [action.id for action in actions]
    sections = {
        "member": as_records([who.member] if who.member else []),
        "consents": as_records(
            await _all(session, Consent, who.owns(col(Consent.member_id), col(Consent.email)))
        ),
        "cases": as_records(
            await _all(session, GdprCase, who.owns(col(GdprCase.member_id), col(GdprCase.email)))
        ),
        "actions": as_records(actions),
        "approvals": as_records(await _all(session, Approval, col(Approval.action_id).in_(ids))),
        "notices": as_records(await _all(session, Outbox, col(Outbox.action_id).in_(ids))),
        "log": await _logged(session, who),
    }
    if who.member and who.member.role == "owner":
        sections |= await _account(session, who.member.account_id)
    else:
        sections["papers"] = await _papers(session, ids)
    return sections


async def _account(session: AsyncSession, account_id: str) -> Sections:
    """What only the owner of an account may see of it."""
    invoices = await _all(session, Invoice, col(Invoice.account_id) == account_id)
    own = col(CreditNote.invoice_id).in_([invoice.id for invoice in invoices])
    made_for = select(Action.id).where(Action.account_id == account_id)
    return {
        "account": as_records(await _all(session, Account, col(Account.id) == account_id)),
        "subscriptions": as_records(
            await _all(session, Subscription, col(Subscription.account_id) == account_id)
        ),
        "credits": as_records(await _all(session, Credit, col(Credit.account_id) == account_id)),
        "invoices": as_records(invoices),
        "credit_notes": as_records(await _all(session, CreditNote, own)),
        "papers": await _papers(session, (await session.exec(made_for)).all()),
    }


async def _papers(session: AsyncSession, action_ids: Sequence[str]) -> list[Record]:
    """The papers without their PDFs, which went out with the receipts."""
    content: Any = Paper.content
    query = select(Paper).options(defer(content)).where(col(Paper.action_id).in_(action_ids))
    return as_records((await session.exec(query.order_by(Paper.id))).all())


async def _logged(session: AsyncSession, who: DataSubject) -> list[Record]:
    """The entries about the person. Which member of staff it was is said to nobody."""
    identifiers = [who.email, who.member_id] if who.member_id else [who.email]
    subjects = await log.subjects_among(session, identifiers)
    entries = await _all(session, ActionLog, col(ActionLog.subject).in_(subjects))
    names = ("seq", "at", "kind", "step", "rule", "clauses", "action_id")
    return [
        {name: written(getattr(entry, name)) for name in names} | {"actor": entry.actor.partition(":")[0]}
        for entry in entries
    ]


async def _all(session: AsyncSession, table: type[Row], own: ColumnElement[bool]) -> Sequence[Row]:
    keys = list(table.__table__.primary_key)  # type: ignore[attr-defined]
    return (await session.exec(select(table).where(own).order_by(*keys))).all()


def as_records(rows: Iterable[SQLModel]) -> list[Record]:
    """Return rows as JSON, without what is no data about the person."""
    return [record(row, _KEPT_BACK.get(type(row), set())) for row in rows]


def record(row: SQLModel, without: set[str]) -> Record:
    return {name: written(getattr(row, name)) for name in type(row).model_fields if name not in without}


def written(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value
