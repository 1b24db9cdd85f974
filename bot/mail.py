"""Mail without a mail server: each one a file that any mail program opens."""

import asyncio
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from secrets import token_hex

from bot.ports import Clock


class FileMailer:
    """Writes mails to `folder` as .eml and says where."""

    def __init__(self, folder: Path, clock: Clock, *, sender: str = "assistant@localhost") -> None:
        self._folder = folder
        self._clock = clock
        self._sender = sender

    async def send(self, *, to: str, subject: str, body: str) -> str:
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = to
        mail["Subject"] = subject.replace("\n", " ")
        mail["Date"] = format_datetime(self._clock.now())
        mail["Message-ID"] = make_msgid(domain="localhost")
        mail.set_content(body)
        name = f"{self._clock.now():%Y%m%dT%H%M%S}-{token_hex(4)}.eml"
        path = self._folder / name
        await asyncio.to_thread(self._write, path, mail.as_bytes())
        return str(path)

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
