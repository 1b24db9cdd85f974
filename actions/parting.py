"""Parting with an account's people. Invoices and papers stay, as the law demands, and so do figures."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.erasing import Words, restrict
from actions.exporting import DataSubject, owned
from actions.lifecycle import FINAL
from actions.store.tables import Account, Action, Consent, GdprCase, Member, Subscription
from actions.store.unit import Unit
from actions.subjects import destroy_keys

GONE = "(deleted)"


async def is_needed(session: AsyncSession, account: Account) -> bool:
    """Whether something is still under way for its people: an action, or a case that a person answers."""
    people = await _people(session, account)
    under_way = select(Action.id).where(_actions_of(account, people), col(Action.step).not_in(FINAL))
    if (await session.exec(under_way.limit(1))).first() is not None:
        return True
    cases = select(GdprCase.id).where(_theirs(people, GdprCase), GdprCase.status == "open")
    return (await session.exec(cases.limit(1))).first() is not None


async def part_with(unit: Unit, account: Account, words: Words | None = None) -> None:
    """Take the people out of the account's rows; an objection to mails keeps its address, so it holds.

    What they wrote goes too, where `words` knows it.
    """
    session = unit.session
    people = await _people(session, account)
    await restrict(session, account.id)
    if words:
        for member in people:
            await _forget_words(session, DataSubject(member.email, member), words)
    await _blank_actions(session, _actions_of(account, people))
    for case in (await session.exec(select(GdprCase).where(_theirs(people, GdprCase)))).all():
        case.member_id, case.email = None, f"{case.id}@deleted.invalid"
        case.extension_reason = case.note = None
    for consent in (await session.exec(select(Consent).where(_theirs(people, Consent)))).all():
        consent.member_id = None
        if consent.given_at is not None:
            await session.delete(consent)
    # written before their members go, which the database's foreign keys demand
    await session.flush()
    await session.exec(delete(Member).where(col(Member.account_id) == account.id))
    await session.exec(delete(Subscription).where(col(Subscription.account_id) == account.id))
    await destroy_keys(session, [name for member in people for name in (member.id, member.email)])
    account.company, account.address, account.vat_id = GONE, GONE, None
    account.status, account.delete_after, account.warned_at = "deleted", None, None


async def _blank_actions(session: AsyncSession, own: ColumnElement[bool]) -> None:
    for action in (await session.exec(select(Action).where(own))).all():
        action.member_id = action.email = action.role = action.reason = None
        action.arguments, action.plan, action.outcome = {}, None, [] if action.outcome else None
        if action.verdict:
            action.verdict = {**action.verdict, "values": {}}


async def _forget_words(session: AsyncSession, who: DataSubject, words: Words) -> None:
    own = who.owns(col(Action.member_id), col(Action.email))
    await words.forget(session, who, (await session.exec(select(Action.id).where(own))).all())


async def _people(session: AsyncSession, account: Account) -> Sequence[Member]:
    return (await session.exec(select(Member).where(Member.account_id == account.id))).all()


def _actions_of(account: Account, people: Sequence[Member]) -> ColumnElement[bool]:
    return or_(col(Action.account_id) == account.id, _theirs(people, Action))


def _theirs(people: Sequence[Member], table: Any) -> ColumnElement[bool]:
    """Also what one of them filed by address alone, before becoming a member."""
    ids, emails = [member.id for member in people], [member.email for member in people]
    return owned(ids, emails, table.member_id, table.email)
