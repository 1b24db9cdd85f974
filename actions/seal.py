"""The log's head, kept outside the database: one appended line per commit, `seq hash moment`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actions.checkpoints import Checkpoints

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of the log: its number and its hash. (0, GENESIS) is the empty log."""

    seq: int
    hash: str


class Seal:
    """The file `action-log.seal` in `directory`. It is only ever appended to.

    `checkpoints` are written beside it. Their key is also the one that entries are hashed under; without
    them entries carry plain hashes, which everybody can compute.
    """

    def __init__(self, directory: Path, checkpoints: Checkpoints | None = None) -> None:
        self.path = directory / "action-log.seal"
        self.checkpoints = checkpoints

    @property
    def entry_key(self) -> bytes | None:
        return self.checkpoints.key.entry_key if self.checkpoints else None

    def prepare(self) -> None:
        """Make the file, with the empty log's head, unless it is there."""
        if self.path.exists():
            return
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        append_line(self.path, f"0 {GENESIS}\n")

    def write(self, head: Head, at: datetime) -> None:
        """Append `head`, durably. Call it after the commit: a seal ahead of its log reads as a cut log."""
        append_line(self.path, f"{head.seq} {head.hash} {at.isoformat()}\n")

    def heads(self) -> dict[int, str] | None:
        """Return every sealed head by its number, or None when there is no file.

        A line that a kill cut short has no hash of full length and witnesses nothing.
        """
        try:
            lines = self.path.read_text(encoding="ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return None
        heads: dict[int, str] = {}
        for part in (line.split() for line in lines):
            if len(part) >= 2 and part[0].isdecimal() and len(part[1]) == len(GENESIS):
                heads.setdefault(int(part[0]), part[1])  # what was sealed first is what was witnessed
        return heads


def append_line(path: Path, line: str) -> None:
    """Append a line (or make the file, with no line), durably. After a torn line it begins a new one."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, (f"\n{line}" if torn else line).encode("ascii"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
