"""A verifier of the action log written from docs/log-format.md alone: it imports nothing of the product."""

import base64
import hashlib
import hmac
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization import load_pem_private_key as load_key

HASHED = (
    "seq", "at", "subject", "actor", "action_id", "kind", "step", "rule", "clauses", "plan_hash",
    "params_hash", "prev_hash",
)  # fmt: skip
ZERO = "0" * 64


class BadLogError(Exception):
    """The log does not verify. `seq` is the first bad entry, or None where the chain itself is whole."""

    def __init__(self, seq: int | None, reason: str) -> None:
        super().__init__(f"{seq}: {reason}")
        self.seq = seq


def check(database: Path, seal: Path, checkpoints: Path, key_file: Path) -> int:
    """Return the number of entries; raises BadLogError."""
    private = load_key(key_file.read_bytes(), None)
    raw = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    entry_key = hmac.new(raw, b"clausewise action log entries, version 1", "sha256").digest()
    if not seal.exists() or not checkpoints.exists():
        raise BadLogError(None, "a file outside the database is missing")
    outside = [dict(_lines(seal, 2)), _signed(checkpoints, private.public_key())]
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        inside = dict(list(map(tuple, connection.execute("SELECT seq, hash FROM log_checkpoint"))))
        count = _chain(connection, entry_key, [*outside, inside])
        _effects(connection)
    return count


def _chain(connection: sqlite3.Connection, key: bytes, witnesses: list[dict[int, str]]) -> int:
    at, before, keyed = 0, ZERO, False
    sealed = max(witnesses[0], default=0)
    for row in connection.execute("SELECT * FROM action_log ORDER BY seq"):
        if row["seq"] != at + 1:
            raise BadLogError(at + 1, "gap")
        at += 1
        if row["prev_hash"] != before:
            raise BadLogError(at, "link")
        content = {name: row[name] for name in HASHED} | {"at": _moment(row["at"])}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str).encode()
        if row["hash"] == hmac.new(key, text, "sha256").hexdigest():
            keyed = True
        elif keyed or at > sealed or row["hash"] != hashlib.sha256(text).hexdigest():
            raise BadLogError(at, "hash")
        before = row["hash"]
        if any(at in heads and heads[at] != before for heads in witnesses):
            raise BadLogError(at, "witness")
    if any(max(heads, default=0) > at for heads in witnesses):
        raise BadLogError(at + 1, "tail")
    return at


def _moment(stored: Any) -> str:
    try:
        moment = datetime.strptime(f"{stored}+0000", "%Y-%m-%d %H:%M:%S.%f%z")
    except (TypeError, ValueError):
        return f"?{stored!r}"
    return moment.isoformat() if moment.strftime("%Y-%m-%d %H:%M:%S.%f") == stored else f"?{stored!r}"


def _lines(path: Path, wanted: int) -> Iterator[tuple[int, str]]:
    for line in reversed(path.read_text().splitlines()):  # of two on one number, the first written stands
        part = line.split()
        if len(part) >= wanted and part[0].isdigit() and re.fullmatch("[0-9a-f]{64}", part[1]):
            yield int(part[0]), part[1]


def _signed(path: Path, public: Any) -> dict[int, str]:
    for line in path.read_text().splitlines():
        said, _, signature = line.rpartition(" ")
        if len(signature) != 128:
            continue  # cut short by a kill
        try:
            public.verify(base64.b16decode(signature, casefold=True), said.encode())
        except InvalidSignature:
            raise BadLogError(None, "signature") from None
    return dict(_lines(path, 4))


def _effects(connection: sqlite3.Connection) -> None:
    """Every action stands at the step of its last entry that has one, and has an effect where it is done."""
    last: dict[str, str] = {}
    for action, step in map(tuple, connection.execute("SELECT action_id, step FROM action_log ORDER BY seq")):
        if step is not None:
            last[action] = step
    effects = {action for (action,) in map(tuple, connection.execute("SELECT action_id FROM effect"))}
    for action, step in map(tuple, connection.execute("SELECT id, step FROM action")):
        if last.get(action) != step or (step == "DONE") != (action in effects):
            raise BadLogError(None, f"action {action}")
