"""Signed checkpoints of the action log, kept outside the database; `docs/log-format.md` has the format."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from actions.errors import CheckpointsDamaged, SigningKeyError
from actions.seal import Head, append_line

if TYPE_CHECKING:  # costs time at every start
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

EVERY_ENTRIES = 100
EVERY = timedelta(hours=1)
_PKCS8 = bytes.fromhex("302e020100300506032b657004220420")  # what stands before an Ed25519 key's 32 bytes
_ENTRY_KEY = b"clausewise action log entries, version 1"
_TAIL_BYTES = 4096
_LINE = re.compile(r"(\d{1,18}) ([0-9a-f]{64}) ([0-9T:.+-]{19,40}) ([0-9a-f]{128})", re.ASCII)
_TORN = re.compile(
    r"\d{0,18}|\d{1,18} ([0-9a-f]{0,64}|[0-9a-f]{64} ([0-9T:.+-]{0,40}|[0-9T:.+-]{19,40} "
    r"[0-9a-f]{0,127}))",
    re.ASCII,
)
"""What a kill in the middle of a line leaves of it."""


class SigningKey:
    """An Ed25519 private key in a PEM file (PKCS #8), as `openssl genpkey -algorithm ed25519` writes it.

    It is made on first use. Raises SigningKeyError where the file cannot be made, read or understood.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def entry_key(self) -> bytes:
        """The key under which entries are hashed. It signs nothing, so an auditor may be given it."""
        return hmac.digest(self._seed, _ENTRY_KEY, hashlib.sha256)

    @property
    def public_pem(self) -> str:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self._public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")

    def sign(self, text: str) -> str:
        """Return the signature of `text`, 128 hexadecimal digits."""
        return self._private.sign(text.encode("ascii")).hex()

    def has_signed(self, text: str, signature: str) -> bool:
        from cryptography.exceptions import InvalidSignature

        try:
            self._public.verify(bytes.fromhex(signature), text.encode("ascii"))
        except (InvalidSignature, ValueError):
            return False
        return True

    @cached_property
    def _private(self) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self._seed)

    @cached_property
    def _public(self) -> Ed25519PublicKey:
        return self._private.public_key()

    @cached_property
    def _seed(self) -> bytes:
        try:
            if not self.path.exists():
                self._make()
            return _seed_of(self.path.read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else error
            raise SigningKeyError(f"the key {self.path} that signs the action log: {said}") from error

    def _make(self) -> None:
        """Write a new key, readable by its owner only. Of two processes at once, one's key stands."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        body = base64.b64encode(_PKCS8 + secrets.token_bytes(32)).decode("ascii")
        draft = self.path.with_name(f"{self.path.name}.{secrets.token_hex(8)}")
        append_line(draft, f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
        try:
            os.link(draft, self.path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()


def _seed_of(pem: str) -> bytes:
    lines = [line.strip() for line in pem.strip().splitlines()]
    if lines[:1] == ["-----BEGIN PRIVATE KEY-----"] and lines[-1:] == ["-----END PRIVATE KEY-----"]:
        try:
            key = base64.b64decode("".join(lines[1:-1]), validate=True)
        except binascii.Error:
            key = b""
        if len(key) == len(_PKCS8) + 32 and key.startswith(_PKCS8):
            return key[len(_PKCS8) :]
    raise ValueError("it is no Ed25519 private key in PEM (PKCS #8)")


@dataclass(frozen=True, slots=True)
class Signed:
    """What the file says. `heads`: the hash of the last entry by the count of entries; `damage`: what is
    wrong with the first line that this program did not write."""

    heads: Mapping[int, str]
    damage: str | None


@dataclass(frozen=True, slots=True)
class _Line:
    """One line, numbered from 1; without `damage` its signature is the key's."""

    number: int
    count: int = 0
    head: str = ""
    moment: str = ""
    damage: str | None = None


class Checkpoints:
    """A file of lines `count head moment signature`. It is only ever appended to, and not over a damaged
    tail: whatever writes raises CheckpointsDamaged then."""

    def __init__(self, path: Path, key: SigningKey) -> None:
        self.path = path
        self.key = key
        self._last: tuple[int, datetime] | None = None

    def prepare(self) -> None:
        """Make the empty file, unless it is there."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        append_line(self.path, "")

    def write(self, head: Head, at: datetime) -> None:
        """Sign `head` and append it, durably. Call it after the commit, like the seal's."""
        self._last = None  # what another process, or somebody else, appended meanwhile counts too
        self._newest()
        said = _said(str(head.seq), head.hash, at.isoformat())
        append_line(self.path, f"{said} {self.key.sign(said)}\n")
        self._last = (head.seq, at)

    def write_due(self, head: Head, at: datetime) -> None:
        """Write a checkpoint where the log has grown past the next hundred since the last one."""
        if self.path.exists() and head.seq // EVERY_ENTRIES > self._newest()[0] // EVERY_ENTRIES:
            self.write(head, at)

    def write_hourly(self, head: Head, at: datetime) -> None:
        """Write a checkpoint where the last one is an hour old or more."""
        if head.seq and self.path.exists():  # one that was taken away is begun anew with an entry
            _, before = self._newest()
            if before is None or at - before >= EVERY:
                self.write(head, at)

    def read(self) -> Signed | None:
        """Return what was signed, or None when there is no file. A line cut short by a kill says nothing."""
        try:
            lines = self.path.read_text(encoding="ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return None
        heads: dict[int, str] = {}
        damage = None
        for line in self._read(lines):
            damage = damage or line.damage
            if not line.damage:
                heads.setdefault(line.count, line.head)
        return Signed(heads, damage)

    def _newest(self) -> tuple[int, datetime | None]:
        if self._last is None:
            for line in self._read(self._tail()):
                if line.damage:
                    raise CheckpointsDamaged(self._damage())
                self._last = (line.count, datetime.fromisoformat(line.moment))
        return self._last or (0, None)

    def _damage(self) -> str:
        """Say it with the number that the line has in the whole file."""
        signed = self.read()
        return (signed and signed.damage) or "checkpoint file damaged"

    def _tail(self) -> list[str]:
        try:
            with self.path.open("rb") as file:
                start = max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES)
                file.seek(start)
                lines = file.read().decode("ascii", errors="replace").splitlines()[1 if start else 0 :]
                if start and not any(map(_LINE.fullmatch, lines)):  # a line longer than any of ours
                    file.seek(0)
                    lines = file.read().decode("ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        return lines

    def _read(self, lines: Iterable[str]) -> Iterator[_Line]:
        """Yield the lines, but for those that a kill cut short, which say nothing."""
        for number, line in enumerate(lines, start=1):
            where = f"checkpoint file damaged at line {number}"
            if part := _LINE.fullmatch(line):
                count, head, moment, signature = part.groups()
                if self.key.has_signed(_said(count, head, moment), signature):
                    yield _Line(number, int(count), head, moment)
                else:
                    yield _Line(number, damage=f"{where}: a forged signature, which the key did not make")
            elif not _TORN.fullmatch(line):
                yield _Line(number, damage=f"{where}: it is no line that this program wrote")


def _said(count: str, head: str, moment: str) -> str:
    """What the signature covers; also the line, up to the signature."""
    return f"{count} {head} {moment}"
