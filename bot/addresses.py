"""A member's e-mail address changes: what rested on the old one ends with it."""

from datetime import datetime

from sqlalchemy import or_, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.store.tables import Member
from bot.tables import ConversationRow, IdentityLinkRow, OneTimeCodeRow


async def change_address(session: AsyncSession, member_id: str, email: str, now: datetime) -> None:
    """Give a member another address, in the caller's transaction. Every change of an address goes here.

    Raises NoResultFound for an unknown member.
    """
    member = await session.get_one(Member, member_id, with_for_update=True)
    old, member.email = member.email, email.strip().lower()
    if member.email == old:
        return
    session.add(member)
    await _void(session, old, member_id, now)


async def _void(session: AsyncSession, email: str, member_id: str, now: datetime) -> None:
    """End open codes, links and verifications, in conversations of every channel."""
    code, link, place = OneTimeCodeRow, IdentityLinkRow, ConversationRow
    ends = (
        update(code).where(col(code.email) == email, col(code.used_at).is_(None)).values(used_at=now),
        update(link)
        .where(or_(col(link.email) == email, col(link.member_id) == member_id))
        .where(col(link.used_at).is_(None))
        .values(used_at=now),
        update(place)
        .where(or_(col(place.email) == email, col(place.member_id) == member_id))
        # a turn that is being thought through meanwhile must be thought through again
        .values(email=None, member_id=None, verified_until=None, version=place.version + 1),
    )
    for statement in ends:
        await session.exec(statement.execution_options(synchronize_session=False))
