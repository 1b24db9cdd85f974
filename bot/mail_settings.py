"""What SMTP_URL and MAIL_FROM mean, and which addresses a mail may carry."""

import re
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Literal
from urllib.parse import unquote, urlsplit

Security = Literal["none", "starttls", "tls"]

_SCHEMES: dict[str, tuple[Security, int]] = {
    "smtp": ("none", 25),
    "smtp+starttls": ("starttls", 587),
    "smtps": ("tls", 465),
}
_USABLE = "write smtp+starttls://user:password@host:port or smtps://..., signs in user and password as %40"
_SAME_MACHINE = ("localhost", "127.0.0.1", "::1")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+")

# Plain dot-atoms: quoted local parts, comments and address literals are no customer's, but many an attack's.
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_DOMAIN_LIMIT = 253
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
# "=?" begins an encoded word, which the standard library decodes in a header, line ends and all.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\xa0\u2028\u2029\ud800-\udfff]|=\?")


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed in. `user` is empty where the server wants no sign-in."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> "SmtpServer":
        """Read a SMTP_URL. Raises ValueError, which never repeats the URL: a password may stand in it."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise ValueError(f"it is no address of a mail server; {_USABLE}") from None
        if parts.scheme not in _SCHEMES or not _HOST.fullmatch(host) or port == 0 or _UNPRINTABLE.search(url):
            raise ValueError(f"it is no address of a mail server; {_USABLE}")
        if parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError(f"something stands behind the port; {_USABLE}")
        security, usual = _SCHEMES[parts.scheme]
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if bool(user) != bool(password):
            raise ValueError(f"user and password go together; {_USABLE}")
        if user and security == "none" and host not in _SAME_MACHINE:
            raise ValueError(
                "smtp:// would send the password in the clear; write smtp+starttls:// or smtps://"
            )
        return cls(host, port or usual, security, user, password)

    @property
    def name(self) -> str:
        """Scheme, host and port, for people to read."""
        scheme = next(scheme for scheme, (security, _) in _SCHEMES.items() if security == self.security)
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"


def address(text: str, name: str = "") -> Address:
    """Return one bare address for a header, its domain in ASCII. Raises ValueError for anything else."""
    local, _, written = text.strip(" ").rpartition("@")
    domain = _in_ascii(written)
    fits = len(local.encode("utf-8", "replace")) <= 64 and max(len(written), len(domain)) <= _DOMAIN_LIMIT
    if (
        not fits
        or _UNPRINTABLE.search(text)
        or not _LOCAL.fullmatch(local)
        or not all(map(_LABEL.fullmatch, domain.split(".")))
    ):
        raise ValueError("it is no e-mail address; write it in the form name@example.com")
    return Address(display_name=name, username=local, domain=domain)


def _in_ascii(domain: str) -> str:
    """Return an international domain as the DNS knows it; nothing where there is no such form."""
    try:
        return domain[:_DOMAIN_LIMIT].encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def mailbox(text: str) -> Address:
    """Return a sender as MAIL_FROM writes it: name@example.com or Name <name@example.com>."""
    if _UNPRINTABLE.search(text):
        raise ValueError("it holds what cannot be printed; write it as Name <name@example.com>, not encoded")
    name, bare = parseaddr(text)
    return address(bare, name)
