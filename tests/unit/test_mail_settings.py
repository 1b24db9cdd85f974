"""SMTP_URL and MAIL_FROM: what they may say, and what is said of the rest."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.mail_settings import SmtpServer, mailbox
from tests.make import settings


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.com", SmtpServer("mail.example.com", 25, "none")),
        ("smtp://mail.example.com:2525/", SmtpServer("mail.example.com", 2525, "none")),
        ("smtp+starttls://mail.example.com", SmtpServer("mail.example.com", 587, "starttls")),
        ("smtps://mail.example.com", SmtpServer("mail.example.com", 465, "tls")),
        ("SMTPS://u:p@Mail.Example.com:1", SmtpServer("mail.example.com", 1, "tls", "u", "p")),
        ("smtps://[::1]:65535", SmtpServer("::1", 65535, "tls")),
        ("smtps://a%40b.com:p%40%3A%2F%25%C5%BE@h", SmtpServer("h", 465, "tls", "a@b.com", "p@:/%ž")),
        ("smtp://u:p@localhost", SmtpServer("localhost", 25, "none", "u", "p")),
        ("smtp://u:p@127.0.0.1:25", SmtpServer("127.0.0.1", 25, "none", "u", "p")),
    ],
)
def test_what_smtp_url_means(url: str, expected: SmtpServer) -> None:
    assert SmtpServer.parse(url) == expected


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "no address of a mail server"),
        ("http://mail.example.com", "no address of a mail server"),
        ("smtp://", "no address of a mail server"),
        ("smtp://:25", "no address of a mail server"),
        ("smtps://u:hidden@", "no address of a mail server"),
        ("smtps://u:hidden@host:0", "no address of a mail server"),
        ("smtps://u:hidden@host:65536", "no address of a mail server"),
        ("smtps://u:hidden@host:port", "no address of a mail server"),
        ("smtps://u:hidden@[::1", "no address of a mail server"),
        ("smtps://u:hid/den@host", "no address of a mail server"),
        ("smtps://u:hidden@ho st", "no address of a mail server"),
        ("smtps://u:hidden@host\r\n:1", "no address of a mail server"),
        ("smtps://u:hidden@host/path", "behind the port"),
        ("smtps://u:hidden@host?tls=no", "behind the port"),
        ("smtps://u@host", "go together"),
        ("smtps://:hidden@host", "go together"),
        ("smtp://u:hidden@mail.example.com", "in the clear; write smtp\\+starttls:// or smtps://"),
    ],
)
def test_what_smtp_url_cannot_be(tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as wrong:
        SmtpServer.parse(url)
    assert "hid" not in str(wrong.value)
    with pytest.raises(ValidationError) as refused:
        settings(tmp_path, smtp_url=url, mail_from="a@example.com")
    assert [fault["loc"] for fault in refused.value.errors()] == [("smtp_url",)]


def test_the_password_is_shown_nowhere(tmp_path: Path) -> None:
    server = SmtpServer.parse("smtps://user:hidden@mail.example.com")
    assert "hidden" not in repr(server) + server.name
    chosen = settings(tmp_path, smtp_url="smtps://user:hidden@mail.example.com", mail_from="a@example.com")
    assert "hidden" not in repr(chosen)


@pytest.mark.parametrize(
    ("text", "name", "bare"),
    [
        ("support@example.com", "", "support@example.com"),
        ("Support <support@example.com>", "Support", "support@example.com"),
        ('"Quality Unit, LLC" <support@example.com>', "Quality Unit, LLC", "support@example.com"),
        ("Podpora Žiga <info@čebela.example>", "Podpora Žiga", "info@xn--ebela-gya.example"),
    ],
)
def test_what_mail_from_means(text: str, name: str, bare: str) -> None:
    sender = mailbox(text)
    assert (sender.display_name, sender.addr_spec) == (name, bare)


@pytest.mark.parametrize(
    ("mail_from", "smtp_url", "fits"),
    [
        ("", None, True),
        ("a@example.com", None, True),
        ("nobody", None, False),
        ("", "smtp://host", False),
        ("a@example.com", "smtp://host", True),
        ("nobody", "smtp://host", False),
    ],
)
def test_a_server_needs_a_sender(tmp_path: Path, mail_from: str, smtp_url: str | None, fits: bool) -> None:
    if fits:
        assert settings(tmp_path, mail_from=mail_from, smtp_url=smtp_url).mail_from == mail_from
        return
    with pytest.raises(ValidationError) as refused:
        settings(tmp_path, mail_from=mail_from, smtp_url=smtp_url)
    assert [fault["loc"] for fault in refused.value.errors()] == [("mail_from",)]
