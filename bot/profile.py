"""Who sits at a terminal, and in which language that person is answered."""

from dataclasses import dataclass

from bot.app import App
from bot.channels.terminal_session import CHANNEL, TerminalSession
from bot.errors import UsageError
from bot.model import Sender
from bot.tables import ConversationRow


@dataclass(frozen=True, slots=True)
class TerminalProfile:
    """What the slash commands of one conversation ask and change."""

    app: App
    chat_id: str
    vouched_email: str | None

    async def language(self) -> str:
        row = await self.app.transcript.find(CHANNEL, self.chat_id)
        return row.language if row and row.language else self.app.settings.default_language

    async def set_language(self, language: str) -> None:
        await self.app.transcript.choose_language(CHANNEL, self.chat_id, language)

    async def who(self) -> str | None:
        row = await self.app.transcript.find(CHANNEL, self.chat_id)
        row = row or ConversationRow(channel=CHANNEL, chat_id=self.chat_id)
        return (await self.app.identity.principal(row, vouched_email=self.vouched_email)).email


async def terminal_session(app: App, chat_id: str, as_email: str | None) -> TerminalSession:
    """Raises UsageError where nobody may vouch for `as_email`: outside a demo, or for a stranger."""
    language = None
    if as_email is not None:
        if not await app.accounts.is_demo():
            raise UsageError("--as works only on a demo store; fill an empty one with: clausewise demo")
        member = await app.accounts.member_by_email(as_email)
        if member is None:
            raise UsageError(f"no demo customer has the address {as_email}; see: clausewise demo")
        as_email, language = member.email, member.language
    return TerminalSession(
        turn=app.turn,
        transcript=app.transcript,
        clock=app.clock,
        chat_id=chat_id,
        sender=Sender(external_id=chat_id, vouched_email=as_email, language_code=language),
        profile=TerminalProfile(app, chat_id, as_email),
    )
