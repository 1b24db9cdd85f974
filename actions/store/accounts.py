"""Who has an account, and whether this store is a demo."""

from dataclasses import dataclass

from sqlmodel import select

from actions.model import Level, Principal
from actions.ports import Sessions
from actions.store.tables import Member, StoreInfo

DEMO = "demo"


@dataclass(frozen=True, slots=True)
class Person:
    """A member of an account. `role` is owner or agent."""

    id: str
    account_id: str
    email: str
    name: str
    role: str
    language: str


class Accounts:
    """Reads accounts; nothing here writes."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def member_by_email(self, email: str) -> Person | None:
        """Return the member with this address, whatever its case, or None."""
        async with self._sessions.read() as session:
            query = select(Member).where(Member.email == email.strip().lower())
            member = (await session.exec(query)).first()
        return _person(member) if member else None

    async def principal(self, member_id: str, level: Level) -> Principal | None:
        """Return the member as a principal at `level`, as proven by the caller, or None."""
        async with self._sessions.read() as session:
            member = await session.get(Member, member_id)
        if member is None:
            return None
        return Principal(level, member.email, member.id, member.account_id, member.role, member.language)

    async def is_demo(self) -> bool:
        async with self._sessions.read() as session:
            mark = await session.get(StoreInfo, DEMO)
        return mark is not None and mark.value == "yes"


def _person(member: Member) -> Person:
    return Person(
        id=member.id,
        account_id=member.account_id,
        email=member.email,
        name=member.name,
        role=member.role,
        language=member.language,
    )
