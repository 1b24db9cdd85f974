"""Mail by SMTP, against real servers that the test starts."""

import asyncio
import re
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.policy import default as mail_policy
from pathlib import Path
from urllib.parse import quote

import pytest

from bot.config import LANGUAGES
from bot.errors import MailError
from bot.mail import compose
from bot.mail_settings import SmtpServer, mailbox
from bot.messages import Messages
from bot.ports import Attachment, Mail
from bot.smtp import SmtpMailer
from tests.fakes import MovingClock
from tests.make import words
from tests.smtp_servers import (
    PASSWORD,
    USER,
    Certificate,
    Mailroom,
    Talker,
    dies_in_the_middle,
    listening,
    says_nothing,
    smtp_server,
    trickles,
)

SENDER = Address(display_name="Quality Unit, Support", username="support", domain="example.com")
TO = "olivia.owner@example.com"
SIGN_IN = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"


def mailer(url: str, *, ca_file: Path | None = None, answer_seconds: float = 5.0) -> SmtpMailer:
    return SmtpMailer(
        SmtpServer.parse(url), SENDER, MovingClock(), ca_file=ca_file, answer_seconds=answer_seconds
    )


async def send(
    mailer: SmtpMailer,
    *,
    to: str = TO,
    subject: str = "Your request",
    body: str = "Done.",
    language: str = "en",
    reference: str = "CW-1",
    key: str = "",
) -> str:
    return await mailer.send(Mail(to, subject, body, language, reference, key))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def room() -> Mailroom:
    return Mailroom()


def html(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


async def test_plain(room: Mailroom) -> None:
    async with smtp_server(room) as port:
        assert await send(mailer(f"smtp://127.0.0.1:{port}"), key="row-mail.receipt") == ""
    [envelope], [mail] = room.envelopes, room.mails
    assert (envelope.mail_from, envelope.rcpt_tos) == ("support@example.com", [TO])
    assert mail["From"] == '"Quality Unit, Support" <support@example.com>'
    assert (mail["To"], mail["Subject"], mail["X-Reference"]) == (TO, "Your request – CW-1", "CW-1")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == "<row-mail-receipt@example.com>"
    assert mail["Date"].datetime == MovingClock().now()
    assert mail.get_content_type() == "multipart/alternative"
    assert words(mail) == "Done.\n"
    assert room.secure == [False]


async def test_starttls_with_sign_in(room: Mailroom, certificate: Certificate) -> None:
    async with smtp_server(room, starttls=certificate.context, sign_in=True) as port:
        url = f"smtp+starttls://{SIGN_IN}127.0.0.1:{port}"
        carrier = mailer(url, ca_file=certificate.ca_file)
        said = await carrier.check()
        assert await send(carrier) == ""
    assert (room.secure, room.signed_in) == ([True], [True])
    assert said == f"smtp+starttls://127.0.0.1:{port} answers and takes the sign-in"


async def test_implicit_tls(room: Mailroom, certificate: Certificate) -> None:
    async with smtp_server(room, tls=certificate.context, sign_in=True) as port:
        await send(mailer(f"smtps://{SIGN_IN}127.0.0.1:{port}", ca_file=certificate.ca_file))
    assert (room.secure, room.signed_in) == ([True], [True])


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
async def test_a_certificate_that_nobody_vouches_for_gets_no_password_and_no_mail(
    room: Mailroom, certificate: Certificate, scheme: str
) -> None:
    context = certificate.context
    how = {"tls": context} if scheme == "smtps" else {"starttls": context}
    async with smtp_server(room, sign_in=True, **how) as port:  # type: ignore[arg-type]
        with pytest.raises(MailError, match=r"is not trusted.*set SMTP_CA_FILE") as failed:
            await send(mailer(f"{scheme}://{SIGN_IN}127.0.0.1:{port}"))
        # the name on the certificate counts too
        with pytest.raises(MailError, match="is not trusted"):
            await send(mailer(f"{scheme}://{SIGN_IN}localhost:{port}", ca_file=certificate.ca_file))
    assert not failed.value.lasting
    assert room.envelopes == []


async def test_a_server_without_starttls_gets_no_mail(room: Mailroom) -> None:
    async with smtp_server(room) as port:
        with pytest.raises(MailError, match=r"STARTTLS.*check SMTP_URL") as failed:
            await send(mailer(f"smtp+starttls://127.0.0.1:{port}"))
        with pytest.raises(MailError, match="speaks no TLS there"):
            await send(mailer(f"smtps://127.0.0.1:{port}"))
    assert not failed.value.lasting
    assert room.envelopes == []


async def test_a_wrong_password(room: Mailroom, certificate: Certificate) -> None:
    async with smtp_server(room, starttls=certificate.context, sign_in=True) as port:
        carrier = mailer(
            f"smtp+starttls://{quote(USER, safe='')}:hush@127.0.0.1:{port}", ca_file=certificate.ca_file
        )
        for work in (send(carrier), carrier.check()):
            with pytest.raises(MailError, match=r"535.*check user and password in SMTP_URL") as failed:
                await work
            assert not failed.value.lasting
            assert "hush" not in str(failed.value)
    assert room.envelopes == []


@pytest.mark.parametrize(
    ("answer", "lasting"),
    [
        (f"550 5.1.1 <{TO}>: no such mailbox", True),
        ("553 no such user", True),
        ("550 5.7.1 relaying denied", False),
        ("530 5.7.0 sign in first", False),
        ("450 4.2.1 mailbox busy", False),
        ("451 greylisted, come back", False),
    ],
)
async def test_a_refused_recipient(room: Mailroom, answer: str, lasting: bool) -> None:
    room.refuses[TO] = answer
    async with smtp_server(room) as port:
        with pytest.raises(MailError, match=r"refuses the recipient.*check the address") as failed:
            await send(mailer(f"smtp://127.0.0.1:{port}"))
    assert failed.value.lasting == lasting
    assert answer[:3] in str(failed.value)
    assert "olivia" not in str(failed.value)


@pytest.mark.parametrize("talk", [says_nothing, trickles])
async def test_a_server_that_hangs_is_left(talk: Talker) -> None:
    async with listening(talk) as port:
        started = asyncio.get_running_loop().time()
        with pytest.raises(MailError, match="does not answer in time") as failed:
            await send(mailer(f"smtp://127.0.0.1:{port}", answer_seconds=0.3))
        assert asyncio.get_running_loop().time() - started < 3
    assert not failed.value.lasting


async def test_a_server_that_dies_in_the_middle() -> None:
    async with listening(dies_in_the_middle) as port:
        with pytest.raises(MailError, match=r"cannot be used.*check SMTP_URL") as failed:
            await send(mailer(f"smtp://127.0.0.1:{port}"))
    assert not failed.value.lasting


async def test_no_server_at_all() -> None:
    async with listening(says_nothing) as port:
        pass
    with pytest.raises(MailError, match=f"smtp://127.0.0.1:{port} cannot be used.*check SMTP_URL"):
        await send(mailer(f"smtp://127.0.0.1:{port}"))


async def test_a_ca_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    for name in ("none.pem", "empty.pem"):
        with pytest.raises(MailError, match=f"SMTP_CA_FILE .*{name}"):
            await send(mailer("smtps://127.0.0.1:1", ca_file=tmp_path / name))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_language_arrives_as_it_was_written(room: Mailroom, language: str) -> None:
    say = Messages(strict=True).say
    request = say(language, "right.erasure")
    subject = say(language, "mail.receipt.subject", request=request, reference="CW-12")
    body = say(language, "mail.unknown.body", request=request)
    async with smtp_server(room) as port:
        carrier = mailer(f"smtp://127.0.0.1:{port}")
        await send(carrier, subject=subject, body=body, language=language, reference="CW-12")
    [mail] = room.mails
    assert mail["Subject"] == subject
    assert words(mail) == body + "\n"
    assert f'<html lang="{language}">' in html(mail)
    assert all(paragraph in html(mail) for paragraph in body.split("\n\n"))
    assert [part["Content-Language"] for part in mail.iter_parts()] == [language] * 2
    assert [part.get_content_charset() for part in mail.iter_parts()] == ["utf-8"] * 2


async def test_the_html_is_the_text_and_loads_nothing(room: Mailroom) -> None:
    body = '<script>alert(1)</script> & "co"\n• one\n• two\n\n\n<img src=https://example.com/x>'
    async with smtp_server(room) as port:
        await send(mailer(f"smtp://127.0.0.1:{port}"), body=body, subject="</title><b>")
    [mail] = room.mails
    page = html(mail)
    assert set(re.findall(r"<(\w+)", page)) == {"html", "head", "meta", "title", "body", "p", "br"}
    assert page.count("<p>") == 2
    assert not re.search(r"(src|href|url)\s*[=(](?!https://example.com/x&gt;)", page)
    assert words(mail).strip() == body


async def test_lines_of_dots_and_long_lines_arrive(room: Mailroom) -> None:
    body = "\n".join(["begin", ".", "..", "From here", "x" * 3000, "ž" * 1200, "end"])
    async with smtp_server(room) as port:
        await send(mailer(f"smtp://127.0.0.1:{port}"), body=body)
    [envelope], [mail] = room.envelopes, room.mails
    assert words(mail).splitlines() == body.splitlines()
    assert isinstance(envelope.content, bytes)
    assert max(map(len, envelope.content.split(b"\r\n"))) <= 998


async def test_international_addresses(room: Mailroom) -> None:
    async with smtp_server(room) as port:
        carrier = mailer(f"smtp://127.0.0.1:{port}")
        await send(carrier, to="info@čebela.example")
        await send(carrier, to="jüri@näide.example")
    recipients = [envelope.rcpt_tos for envelope in room.envelopes]
    assert recipients == [["info@xn--ebela-gya.example"], ["jüri@xn--nide-loa.example"]]
    async with smtp_server(room, utf8=False) as port:
        with pytest.raises(MailError, match="no addresses beyond ASCII") as failed:
            await send(mailer(f"smtp://127.0.0.1:{port}"), to="jüri@example.com")
    assert failed.value.lasting


BAD_ADDRESSES = [
    "",
    "@",
    "nobody",
    "a@",
    "@example.com",
    "a@example.com\nBcc: other@example.com",
    "a@example.com\r\nBcc: other@example.com",
    "a@example.com\r\n",
    "\na@example.com",
    "a\x00@example.com",
    "a@exam\x00ple.com",
    "a@example.com\u2028Bcc: b@example.com",
    "a@example.com, other@example.com",
    "a@example.com;other@example.com",
    "a@example.com other@example.com",
    "<a@example.com>",
    "Name <a@example.com>",
    "a@example.com> SIZE=1",
    "a@example.com>\r\nRCPT TO:<b@example.com",
    '"a b"@example.com',
    '"a\r\nBcc: b@example.com"@example.com',
    "a@b@example.com",
    "(x)a@example.com",
    "a..b@example.com",
    ".a@example.com",
    "a.@example.com",
    "a@example..com",
    "a@.example.com",
    "a@example.com.",
    "a@-example.com",
    "a@[127.0.0.1]",
    "a@exa mple.com",
    "a\ud800@example.com",
    "a\u202e@example.com",
    f"{'a' * 65}@example.com",
    f"a@{'b' * 64}.com",
    f"a@{'b.' * 200}com",
    "=?utf-8?q?a=0D=0ABcc?=@example.com",
    "a@" + "č" * 5000,
]


@pytest.mark.parametrize("address", BAD_ADDRESSES)
async def test_a_bad_address_is_refused_before_anything_is_sent(room: Mailroom, address: str) -> None:
    connections = 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1

    async with listening(count) as port:
        with pytest.raises(MailError, match="no e-mail address; write it in the form") as failed:
            await send(mailer(f"smtp://127.0.0.1:{port}"), to=address)
    assert failed.value.lasting
    assert connections == 0


INJECTIONS = [
    "x\nBcc: other@example.com",
    "x\r\nBcc: other@example.com",
    "x\rBcc: other@example.com",
    "x\r\n\r\n<b>a body</b>",
    "x\n.\nMAIL FROM:<other@example.com>",
    "x\x0bBcc: a@b",
    "x\x0cBcc: a@b",
    "x\x85Bcc: a@b",
    "x\u2028Bcc: a@b\u2029Bcc: a@b",
    "x\x00\x1b[31m",
    "x\ud800",
    "=?utf-8?q?x=0D=0ABcc:_other@example.com?=",
    "x" * 2000 + "\nBcc: a@b",
    "ž" * 2000 + "\r\n Bcc: a@b",
    '"><script>',
]


@pytest.mark.parametrize("field", ["subject", "reference", "language", "key", "body"])
@pytest.mark.parametrize("value", INJECTIONS)
async def test_no_value_leaves_its_place(room: Mailroom, field: str, value: str) -> None:
    async with smtp_server(room) as port:
        await send(mailer(f"smtp://127.0.0.1:{port}"), **{field: value})
    [envelope], [mail] = room.envelopes, room.mails
    assert envelope.rcpt_tos == [TO]
    assert sorted(name.lower() for name in mail) == sorted(
        [
            "from",
            "to",
            "subject",
            "date",
            "message-id",
            "auto-submitted",
            "x-reference",
            "mime-version",
            "content-type",
        ]
    )
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    for part in mail.iter_parts():
        assert {name.lower() for name in part} <= {
            *("content-type", "content-transfer-encoding", "content-language", "mime-version")
        }
    assert "<script" not in html(mail)
    assert field == "body" or words(mail) == "Done.\n"


@pytest.mark.parametrize("value", INJECTIONS)
def test_the_name_of_a_paper_stays_a_name(value: str) -> None:
    paper = Attachment(value, b"%PDF")
    mail = compose(MovingClock(), SENDER, Mail(TO, "x", "x", "en", attachments=[paper]))
    read = message_from_bytes(mail.as_bytes(policy=SMTP), policy=mail_policy)
    assert isinstance(read, EmailMessage)
    assert read["Bcc"] is None
    [part] = read.iter_attachments()
    assert {name.lower() for name in part} <= {
        *("content-type", "content-transfer-encoding", "content-disposition", "mime-version")
    }
    assert part.get_content() == b"%PDF"


@pytest.mark.parametrize(
    "text",
    [
        "Eve\nBcc: a@example.com <b@example.com>",
        "=?utf-8?q?x=0AB?= <b@example.com>",
        "Eve <b>",
        "Eve",
        "a@b\n",
    ],
)
def test_a_sender_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write it (in the form|as)"):
        mailbox(text)


@pytest.mark.parametrize("name", ["Eve <b@example.com>", 'Eve" <b@example.com>, "', "Žiga, podpora", "Eve\\"])
def test_a_sender_name_stays_a_name(name: str) -> None:
    sender = Address(display_name=name, username="support", domain="example.com")
    mail = compose(MovingClock(), sender, Mail(TO, "x", "x", "en"))
    [read] = mail["From"].addresses
    assert (read.display_name, read.addr_spec) == (name, "support@example.com")
    assert mail["Bcc"] is None
    assert b"\nBcc" not in mail.as_bytes(policy=SMTP)
