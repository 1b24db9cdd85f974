"""Mail servers that a test starts on this machine: real ones, and ones that misbehave."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as mail_policy
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER = "clausewise@example.com"
PASSWORD = "p@ss:word/ž%40"


class Mailroom:
    """What a server took, how, and whom it refuses (recipient to answer) or hangs over."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.refuses: dict[str, str] = {}
        self.refused = 0
        self.hangs: set[str] = set()
        self.hanging = asyncio.Event()
        self.secure: list[bool] = []
        self.signed_in: list[bool] = []

    @property
    def mails(self) -> list[EmailMessage]:
        contents = [envelope.content or b"" for envelope in self.envelopes]
        read = [message_from_bytes(bytes(content), policy=mail_policy) for content in contents]  # type: ignore[arg-type]
        return [mail for mail in read if isinstance(mail, EmailMessage)]

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.hangs:
            self.hanging.set()
            await asyncio.Event().wait()
        if answer := self.refuses.get(address):
            self.refused += 1
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        assert server.transport is not None
        self.secure.append(server.transport.get_extra_info("ssl_object") is not None)
        self.signed_in.append(bool(session.authenticated))
        return "250 taken"


class Certificate:
    """A self-made certificate for 127.0.0.1 in `folder`, which is its own authority."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail server of a test")])
        now = datetime.now(UTC)
        host = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([host]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        key_file = folder / "key.pem"
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(self.ca_file, key_file)


def _signs_in(_server: SMTP, _session: Session, _envelope: Envelope, _kind: str, data: Any) -> AuthResult:
    assert isinstance(data, LoginPassword)
    right = data.login == USER.encode() and data.password == PASSWORD.encode()
    return AuthResult(success=right, handled=False)


@asynccontextmanager
async def smtp_server(
    room: Mailroom,
    *,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    sign_in: bool = False,
    utf8: bool = True,
) -> AsyncIterator[int]:
    """A real SMTP server; yields its port."""
    loop = asyncio.get_running_loop()

    def speak() -> SMTP:
        return SMTP(
            room,
            hostname="mail.example.com",
            loop=loop,
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=_signs_in if sign_in else None,
            # it knows nothing of a TLS that was there before it
            auth_required=sign_in and tls is None,
            auth_require_tls=tls is None,
            enable_SMTPUTF8=utf8,
        )

    server = await loop.create_server(speak, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


Talker = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(talk: Talker) -> AsyncIterator[int]:
    """A server that does with each connection what `talk` does; yields its port."""
    talking: set[asyncio.Task[None]] = set()

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talking.add(task)
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answered, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)


async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take the connection and hang."""
    await reader.read()


async def dies_in_the_middle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Be a good server up to the mail itself, and drop the connection within it."""
    writer.write(b"220 ready\r\n")
    while line := await reader.readline():
        if line.upper().startswith(b"DATA"):
            writer.write(b"354 go ahead\r\n")
            await reader.readline()
            writer.transport.abort()
            return
        writer.write(b"250 OK\r\n")


async def trickles(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer each time before the client loses patience, and never come to an end."""
    while True:
        writer.write(b"220-wait\r\n")
        await asyncio.sleep(0.05)
