"""Things that tests need made: settings without the machine's environment, a customer who talks."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as mail_policy
from itertools import count
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from bot.app import App
from bot.codes import CodeCheck, TypedCode, typed
from bot.config import Settings
from bot.model import Incoming, Sender, TurnResult
from bot.tables import ButtonRow, OneTimeCodeRow


def settings(data_dir: Path, **values: Any) -> Settings:
    """Settings that neither the environment nor a .env file of this machine can change."""
    return Settings(_env_file=None, data_dir=data_dir, **values)


class Customer:
    """Somebody in a chat. `email` is one that the channel vouches for."""

    def __init__(
        self, app: App, *, email: str | None = None, language: str | None = None, chat: str = "chat"
    ) -> None:
        self.app = app
        self.chat = chat
        self.sender = Sender(external_id=chat, language_code=language, vouched_email=email)
        self.last: TurnResult | None = None
        self._ids = count(1)

    async def says(self, text: str, *, external_id: str | None = None) -> TurnResult:
        return await self._sends(text=text, external_id=external_id)

    async def presses(self, kind: str, **values: str) -> TurnResult:
        """Press the button of this kind that the last replies showed (and with these values)."""
        return await self._sends(press=await self.button(kind, **values))

    async def presses_id(self, press: str) -> TurnResult:
        return await self._sends(press=press)

    async def button(self, kind: str, **values: str) -> str:
        assert self.last is not None
        shown = [button.id for reply in self.last.replies for button in reply.buttons]
        async with self.app.database.read() as session:
            rows = (await session.exec(select(ButtonRow).where(ButtonRow.kind == kind))).all()
        matching = [
            row.id
            for row in rows
            if row.id in shown and all(row.values.get(name) == value for name, value in values.items())
        ]
        assert len(matching) == 1, f"{len(matching)} buttons {kind} {values} among {len(shown)}"
        return matching[0]

    async def _sends(
        self, *, text: str | None = None, press: str | None = None, external_id: str | None = None
    ) -> TurnResult:
        external_id = external_id or f"{self.chat}:{next(self._ids)}"
        incoming = Incoming("test", self.chat, external_id, self.sender, text=text, press=press)
        self.last = await self.app.turn(incoming)
        return self.last


def mailed_code(app: App) -> str:
    """The code in the last mail."""
    text = mails(app)[-1].get_body(("plain",))
    found = re.search(r"\b\d{6}\b", text.get_content() if text else "")
    assert found
    return found[0]


async def guess(app: App, conversation_id: str, code: str) -> CodeCheck:
    """Try a code against the one that is open in a conversation."""
    async with app.database.read() as session:
        row, newest = OneTimeCodeRow, col(OneTimeCodeRow.created_at).desc()
        places = select(row).where(row.conversation_id == conversation_id, col(row.used_at).is_(None))
        found = (await session.exec(places.order_by(newest))).first()
    return await app.codes.check(conversation_id, await typed(found, code) if found else TypedCode())


def all_text(result: TurnResult) -> str:
    return "\n\n".join(reply.text for reply in result.replies)


def mails(app: App) -> list[EmailMessage]:
    """Every mail sent so far, oldest first."""
    files = sorted(app.settings.outbox_dir.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    read = [message_from_bytes(path.read_bytes(), policy=mail_policy) for path in files]
    return [mail for mail in read if isinstance(mail, EmailMessage)]


def words(mail: EmailMessage) -> str:
    """The text part of a mail."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")
