"""Who counts in the desk's group: the Telegram accounts that TELEGRAM_STAFF names."""

from collections.abc import Sequence

from sqlmodel import select

from actions.approving import LOCAL
from bot.config import Settings
from bot.database import Database
from bot.desk.heard import Heard
from bot.desk.tables import DeskAgentRow

ANONYMOUS = (
    "Nothing was done: you write as an anonymous administrator, and only named colleagues count. "
    'Turn off "Remain anonymous" in the group\'s list of administrators.'
)
CHANNEL = "Nothing was done: a channel is no colleague. Write as yourself."
STRANGER = (
    "Nothing was done: only colleagues that TELEGRAM_STAFF names work here. "
    "Your Telegram user id, for an administrator to add: {number}"
)


class Agents:
    """Maps Telegram accounts to ids of staff."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._names = dict(settings.telegram_staff)
        self._staff: Sequence[str] = settings.staff or (LOCAL,)

    def of(self, heard: Heard) -> str | None:
        """The id of staff of whoever wrote or pressed; None where that is nobody who counts."""
        return self._names.get(heard.sender_id) if heard.sender == "user" else None

    def refusal(self, heard: Heard) -> str:
        """What to tell somebody who does not count."""
        if heard.sender == "user":
            return STRANGER.format(number=heard.sender_id)
        return ANONYMOUS if heard.sender == "anonymous" else CHANNEL

    async def remember(self, heard: Heard) -> None:
        """Keep the user name of a mapped agent, by which colleagues may name them."""
        async with self._database.write() as session:
            row = await session.get(DeskAgentRow, heard.sender_id)
            if row is None or row.username != heard.username:
                await session.merge(DeskAgentRow(user_id=heard.sender_id, username=heard.username))

    async def named(self, written: str, mentioned: int | None) -> str | None:
        """The id of staff that `@username`, an id, the name in an address, or a mention of an account means.

        None where that is nobody, or not one alone.
        """
        if mentioned is not None:
            return self._names.get(mentioned)
        wanted = written.strip().casefold()
        meant = [
            await self._by_username(wanted.removeprefix("@")) if wanted.startswith("@") else [],
            [name for name in self._staff if name.casefold() == wanted.removeprefix("@")],
            [name for name in self._staff if _local(name) == wanted.removeprefix("@")],
        ]
        found = next(filter(None, meant), [])
        return found[0] if len(found) == 1 else None

    async def _by_username(self, username: str) -> list[str]:
        row = DeskAgentRow
        query = select(row.user_id).where(row.username == username, row.username != "")
        async with self._database.read() as session:
            return sorted({self._names[user] for user in await session.exec(query) if user in self._names})


def _local(name: str) -> str:
    return name.casefold().partition("@")[0]
