"""Mail by SMTP: certificates verified, every wait bounded, every failure a sentence that says what to do."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.headerregistry import Address
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bot.errors import MailError
from bot.mail import compose
from bot.mail_settings import SmtpServer
from bot.ports import Clock, Mail

if TYPE_CHECKING:
    from aiosmtplib import SMTP

Kind = TypeVar("Kind", bound=Exception)

ANSWER_SECONDS = 10.0
"""How long the server may take for one answer; twice as long for all of them together."""
_GOODBYE_SECONDS = 2.0
# The machine's own name is nobody's business; servers take this address literal from who hands mail in.
_GREETING = "[127.0.0.1]"
_ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")
_POLICY = re.compile(r"\b5\.7\.\d")


class SmtpMailer:
    """Hands each mail to the server, over a connection of its own."""

    def __init__(
        self,
        server: SmtpServer,
        sender: Address,
        clock: Clock,
        *,
        ca_file: Path | None = None,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._server = server
        self._sender = sender
        self._clock = clock
        self._ca_file = ca_file
        self._answer_seconds = answer_seconds
        self._trust: ssl.SSLContext | None = None

    async def send(self, mail: Mail) -> str:
        message = compose(self._clock, self._sender, mail)
        [recipient] = message["To"].addresses
        async with self._explained(), self._connected() as client:
            await client.send_message(
                message, sender=self._sender.addr_spec, recipients=[recipient.addr_spec]
            )
        return ""

    async def check(self) -> str:
        """Connect and sign in, and say how that went. Raises MailError."""
        async with self._explained(), self._connected() as client:
            await client.noop()
        return f"{self._server.name} answers" + (" and takes the sign-in" if self._server.user else "")

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator["SMTP"]:
        from aiosmtplib import SMTP

        client = SMTP(
            hostname=self._server.host,
            port=self._server.port,
            username=self._server.user or None,
            password=self._server.password or None,
            use_tls=self._server.security == "tls",
            start_tls=self._server.security == "starttls",
            tls_context=None if self._server.security == "none" else await asyncio.to_thread(self._trusted),
            timeout=self._answer_seconds,
            local_hostname=_GREETING,
        )
        try:
            async with asyncio.timeout(2 * self._answer_seconds):
                await client.connect()
                yield client
            # What the server has taken is sent, whatever becomes of the goodbye.
            with suppress(Exception):
                await client.quit(timeout=min(_GOODBYE_SECONDS, self._answer_seconds))
        finally:
            client.close()

    def _trusted(self) -> ssl.SSLContext:
        if self._trust is None:
            try:
                self._trust = ssl.create_default_context(cafile=self._ca_file)
            except OSError as error:
                raise MailError(
                    f"SMTP_CA_FILE {self._ca_file} holds no certificates that can be read "
                    f"({error.strerror or error}); set it to a PEM file, or unset it to trust the system's"
                ) from error
        return self._trust

    @asynccontextmanager
    async def _explained(self) -> AsyncIterator[None]:
        """Turn what the library raises into a MailError; none of them repeats the password or a customer."""
        from aiosmtplib import SMTPException

        try:
            yield
        except (SMTPException, OSError, ValueError, EOFError) as error:
            raise self._explain(error) from error

    def _explain(self, error: Exception) -> MailError:
        from aiosmtplib import errors

        name = self._server.name
        if isinstance(error, errors.SMTPRecipientsRefused):
            first = error.recipients[0]
            answer = f"{first.code} {_said(first.message)}"
            reason = f"the mail server refuses the recipient ({answer}); check the address"
            return MailError(reason, lasting=_is_lasting(first.code, first.message))
        if isinstance(error, errors.SMTPResponseException):
            answer = f"{error.code} {_said(error.message)}"
            return MailError(f"{name} says no ({answer}); {_advice(error)}")
        if isinstance(error, errors.SMTPNotSupported) and "SMTPUTF8" in str(error):
            return MailError(f"{name} takes no addresses beyond ASCII; use another address", lasting=True)
        if isinstance(error, TimeoutError):
            return MailError(f"{name} does not answer in time; check SMTP_URL and that the server is well")
        return MailError(self._of_connection(error))

    def _of_connection(self, error: Exception) -> str:
        name = self._server.name
        if untrusted := _cause(error, ssl.SSLCertVerificationError):
            return (
                f"the certificate of {name} is not trusted ({untrusted.verify_message}); mend the host in "
                "SMTP_URL, or set SMTP_CA_FILE to the authority that signed it"
            )
        if _cause(error, ssl.SSLError):
            return f"{name} speaks no TLS there; smtps:// is for port 465, smtp+starttls:// for port 587"
        reason = _said(str(_cause(error, OSError) or error))
        return f"{name} cannot be used ({reason}); check SMTP_URL and that the server is well"


def _is_lasting(code: int, said: str) -> bool:
    """Whether there is no such mailbox. A 5.7 or 530 is about us - sign-in, policy - and can be mended."""
    return 500 <= code < 600 and code != 530 and not _POLICY.search(said)


def _said(text: str) -> str:
    """A server's words in one line and without addresses, fit to be stored and shown to staff."""
    return _ADDRESS.sub("…", " ".join(text.split()))[:200]


def _advice(error: Exception) -> str:
    from aiosmtplib import errors

    if isinstance(error, errors.SMTPAuthenticationError):
        return "check user and password in SMTP_URL"
    if isinstance(error, errors.SMTPSenderRefused):
        return "set MAIL_FROM to an address that this server lets you send from"
    return "see the mail server's own log"


def _cause(error: BaseException | None, kind: type[Kind]) -> Kind | None:
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error
