"""Erasure: a person leaves every table. What the law keeps stays, restricted, and the receipt says so.

The action log is not touched: its chain goes on to verify, while the key that tied its entries to the person
is gone. `plan_hash`, `params_hash` and ids stay in it and name nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from sqlalchemy import delete, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.exporting import ERASED, CannotFulfil, DataSubject
from actions.lifecycle import FINAL
from actions.papers.tables import Paper
from actions.store.tables import Account, Action, Consent, CreditNote, GdprCase, Invoice, Member, Outbox
from actions.store.unit import Unit
from actions.subjects import destroy_keys

RETENTION_YEARS = 10
"""How long invoices are kept, from the end of the year of the last one (Slovak VAT Act 222/2004, § 76)."""

_PLAIN = ("kind", "reference", "account", "credit", "credit_note", "invoice", "right_key", "due_on")


class Words(Protocol):
    """What people wrote, which is not stored here."""

    async def forget(self, session: AsyncSession, who: DataSubject, action_ids: Sequence[str]) -> None:
        """Remove the person from conversations, messages, codes and links."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What remains, and until when. `company`: that of the company, where others work with its account."""

    invoices: int = 0
    papers: int = 0
    until: date | None = None
    company: bool = False


async def forget(unit: Unit, member_id: str, words: Words | None = None) -> Kept | None:
    """Forget a member; None where there is none any more. Raises CannotFulfil, see `forget_subject`."""
    member = await unit.session.get(Member, member_id)
    return await forget_subject(unit, DataSubject(member.email, member), words) if member else None


async def forget_subject(
    unit: Unit, who: DataSubject, words: Words | None = None, *, closing: GdprCase | None = None
) -> Kept:
    """Forget a person in the unit's transaction. `closing` is the case that asks for it.

    Raises CannotFulfil while something of theirs is under way, or while an account would lose its only owner.
    """
    session = unit.session
    own = who.owns(col(Action.member_id), col(Action.email))
    ids = (await session.exec(select(Action.id).where(own))).all()
    await _require_nothing_under_way(session, who, ids, closing)
    kept = await _restrict(unit, who)
    if words:
        await words.forget(session, who, ids)
    await _forget_rows(session, who, ids)
    if who.member:
        await _forget_member(session, who.member)
    await destroy_keys(session, filter(None, (who.email, who.member_id)))
    await session.flush()
    return kept


async def _require_nothing_under_way(
    session: AsyncSession, who: DataSubject, ids: Sequence[str], closing: GdprCase | None
) -> None:
    moving = select(Action.reference).where(col(Action.id).in_(ids), col(Action.step).not_in(FINAL))
    own = who.owns(col(GdprCase.member_id), col(GdprCase.email))
    cases = select(GdprCase.reference).where(own, GdprCase.status == "open")
    if closing:
        cases = cases.where(GdprCase.id != closing.id)
    if waiting := sorted([*(await session.exec(moving)).all(), *(await session.exec(cases)).all()]):
        named = ", ".join(waiting)
        raise CannotFulfil(f"this person has other requests under way; finish them first: {named}")
    if who.member and who.member.role == "owner" and not await _others(session, who.member, "owner"):
        account = await session.get_one(Account, who.member.account_id)
        if account.status != "closed":
            raise CannotFulfil(
                "this person is the only owner of an account that is not closed; let them cancel it, "
                "or name another owner, first"
            )


async def _others(session: AsyncSession, member: Member, role: str | None = None) -> int:
    """How many other members the account has."""
    query = select(func.count()).where(Member.account_id == member.account_id, Member.id != member.id)
    if role:
        query = query.where(Member.role == role)
    return (await session.exec(query)).one()


async def _restrict(unit: Unit, who: DataSubject) -> Kept:
    """Set apart the invoices and papers of an account that nobody is left of."""
    if who.member is None:
        return Kept()
    if await _others(unit.session, who.member):
        return Kept(company=True)
    return await restrict(unit.session, who.member.account_id)


async def restrict(session: AsyncSession, account_id: str) -> Kept:
    """Set apart the invoices and papers of an account, for as long as the law demands them."""
    invoices = (await session.exec(select(Invoice).where(Invoice.account_id == account_id))).all()
    notes = select(CreditNote.action_id).where(col(CreditNote.invoice_id).in_([row.id for row in invoices]))
    papers = (await session.exec(select(Paper).where(col(Paper.action_id).in_(notes)))).all()
    if not invoices:
        return Kept()
    until = date(max(row.issued_on for row in invoices).year + RETENTION_YEARS, 12, 31)
    for row in (*invoices, *papers):
        row.restricted_until = until
    return Kept(len(invoices), len(papers), until)


async def _forget_rows(session: AsyncSession, who: DataSubject, ids: Sequence[str]) -> None:
    await session.exec(delete(Consent).where(who.owns(col(Consent.member_id), col(Consent.email))))
    cases = select(GdprCase).where(who.owns(col(GdprCase.member_id), col(GdprCase.email)))
    for case in (await session.exec(cases)).all():
        case.email, case.member_id, case.extension_reason, case.note = ERASED, None, None, None
    for notice in (await session.exec(select(Outbox).where(col(Outbox.action_id).in_(ids)))).all():
        notice.last_error = None
        if notice.topic.startswith("webhook."):  # ids and moments only, and still to be delivered
            continue
        notice.payload = {name: value for name, value in notice.payload.items() if name in _PLAIN}
        if notice.topic.startswith(("mail.", "rights.")):
            notice.done_at = notice.done_at or notice.created_at
    for action in (await session.exec(select(Action).where(col(Action.id).in_(ids)))).all():
        action.member_id = action.email = action.role = action.token = action.reason = None
        action.plan = action.verdict = action.outcome = None
        action.arguments = {}
        action.conversation_id, action.origin = ERASED, f"{ERASED}-{action.id}"


async def _forget_member(session: AsyncSession, member: Member) -> None:
    """Remove the row; an account that nobody is left of keeps nothing of the company but its invoices."""
    if not await _others(session, member):
        account = await session.get_one(Account, member.account_id)
        account.company, account.address, account.vat_id = "", "", None
        session.add(account)
    await session.delete(member)
