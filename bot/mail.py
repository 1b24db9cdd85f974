"""The mail itself, the same whoever carries it; and mail without a server, each one a file."""

import asyncio
import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from html import escape
from pathlib import Path
from secrets import token_hex

from bot.errors import MailError
from bot.mail_settings import address
from bot.ports import Clock, Mail

LOCAL_SENDER = Address(username="assistant", domain="localhost")

_NO_LINE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9_-]+")
_PARAGRAPHS = re.compile(r"\n{2,}")
_PAGE = """\
<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body style="margin:0 auto;padding:24px;max-width:40em;font:16px/1.5 sans-serif">
{paragraphs}
</body>
</html>
"""


def compose(clock: Clock, sender: Address, mail: Mail) -> EmailMessage:
    """Make a message of a mail: its text, and the same as HTML.

    `mail.key` becomes the Message-ID, so that a mail sent twice can be told from two mails. Whatever the
    values hold, each stays within its own header. Raises MailError for what is no address.
    """
    reference, subject = _one_line(mail.reference), _one_line(mail.subject)
    if reference and reference not in subject:
        subject = f"{subject} – {reference}"
    text, language = _encodable(mail.body), _one_line(mail.language)
    message = EmailMessage()
    message["From"] = sender
    message["To"] = _recipient(mail.to)
    message["Subject"] = subject
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<{_NOT_IN_AN_ID.sub('-', mail.key)[:64] or token_hex(16)}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if reference:
        message["X-Reference"] = reference
    # quoted-printable: a code can be read in the file itself, whatever alphabet stands around it
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(_html(text, subject, language), subtype="html", cte="quoted-printable")
    for part in message.iter_parts():
        part["Content-Language"] = language
    for one in mail.attachments:
        name = _one_line(one.name)
        message.add_attachment(one.content, maintype="application", subtype="pdf", filename=name)
    return message


def is_ascii(message: EmailMessage) -> bool:
    """Whether all addresses are ASCII; else the mail needs SMTPUTF8."""
    return all(f"{one.username}".isascii() for name in ("From", "To") for one in message[name].addresses)


def _recipient(to: str) -> Address:
    try:
        return address(to)
    except ValueError as error:
        raise MailError(f"the mail was not sent to what was given: {error}", lasting=True) from None


def _one_line(text: str) -> str:
    """Fit for a header. What looks encoded ("=?q?=0A?=") the standard library decodes, line ends and all."""
    return _NO_LINE.sub(" ", _encodable(text)).replace("=?", "= ?").strip()


def _encodable(text: str) -> str:
    """Without lone surrogates, which JSON can carry and no mail can."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _html(text: str, title: str, language: str) -> str:
    paragraphs = (part.strip() for part in _PARAGRAPHS.split(text.replace("\r\n", "\n")))
    return _PAGE.format(
        language=escape(language),
        title=escape(title),
        paragraphs="\n".join(
            "<p>" + escape(part).replace("\n", "<br>\n") + "</p>" for part in paragraphs if part
        ),
    )


class FileMailer:
    """Writes mails to `folder` as .eml and says where."""

    def __init__(self, folder: Path, clock: Clock, *, sender: Address = LOCAL_SENDER) -> None:
        self._folder = folder
        self._clock = clock
        self._sender = sender

    async def send(self, mail: Mail) -> str:
        message = compose(self._clock, self._sender, mail)
        name = f"{self._clock.now():%Y%m%dT%H%M%S}-{token_hex(4)}.eml"
        path = self._folder / name
        content = message.as_bytes(policy=SMTP if is_ascii(message) else SMTPUTF8)
        try:
            await asyncio.to_thread(self._write, path, content)
        except OSError as error:
            reason = (
                f"the mail cannot be written to {self._folder} ({error.strerror}); free or mend that folder"
            )
            raise MailError(reason) from error
        return str(path)

    def _write(self, path: Path, content: bytes) -> None:
        """Codes and links stand in it: readable for its owner alone."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(content)
