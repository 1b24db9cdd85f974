"""kill -9 at a chosen point of a process: a fork of this warm one dies by a real SIGKILL.

A point is where something is about to become visible to others, or just did: a statement that changes the
database, a commit, the sealing of the log's head, a command to the mail server, a call of the webhook. The
points of a run are numbered from 1. Some carry marks: the steps of an action that stand once it is passed.
"""

import asyncio
import gc
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from aiosmtplib import SMTP
from sqlalchemy import event
from sqlalchemy.engine import Engine

from actions.log import Entry
from actions.model import Step
from actions.seal import Head, Seal
from actions.store.tables import Action
from actions.store.unit import Unit
from bot.posting import HttpPoster

READS = ("SELECT", "PRAGMA", "BEGIN", "WITH")
CONFIRMED = (Step.SCHEDULED, Step.AWAITING_APPROVAL)


@dataclass(frozen=True)
class Death:
    """Before the point `at`, or `later` seconds after it was reached, wherever the process is by then."""

    at: int
    later: float = 0.0


@dataclass
class Points:
    """Counts the points of this process, which dies at one of them; `passed` has the marks of each."""

    death: Death | None = None
    passed: list[set[str]] = field(default_factory=list)
    _to_commit: set[str] = field(default_factory=set)

    def reached(self, *marks: str) -> None:
        self.passed.append(set(marks))
        if self.death is None or len(self.passed) != self.death.at:
            return
        if not self.death.later:
            os.kill(os.getpid(), signal.SIGKILL)
        threading.Thread(target=_die_in, args=(self.death.later,), daemon=True).start()

    def arm(self) -> None:
        """Watch everything that this process does from now on."""
        self._watch_database()
        self._watch_seal()
        self._watch_actions()
        self._watch_mail()
        self._watch_webhook()

    def _watch_database(self) -> None:
        @event.listens_for(Engine, "before_cursor_execute")
        def _statement(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            if not statement.lstrip().upper().startswith(READS):
                self.reached()

        @event.listens_for(Engine, "commit")
        def _commit(_connection: object) -> None:
            marks, self._to_commit = self._to_commit, set()
            self.reached(*marks)

        @event.listens_for(Engine, "rollback")
        def _rollback(_connection: object) -> None:
            self._to_commit = set()

    def _watch_seal(self) -> None:
        write = Seal.write

        def sealed(seal: Seal, head: Head, at: datetime) -> None:
            self.reached()
            write(seal, head, at)
            self.reached()

        Seal.write = sealed  # type: ignore[method-assign,assignment]

    def _watch_actions(self) -> None:
        begin, move, record = Unit.begin, Unit.move, Unit.record

        async def began(unit: Unit, action: Action, entry: Entry) -> None:
            await begin(unit, action, entry)
            self._to_commit.add("proposal")

        async def moved(unit: Unit, action: Action, entry: Entry, *verdict: Any) -> None:
            before = action.step
            await move(unit, action, entry, *verdict)
            if before == Step.AWAITING_CONFIRMATION and action.step in CONFIRMED:
                self._to_commit.add("confirmation")
            if action.step == Step.SCHEDULED:
                self._to_commit.add("schedule")
            if action.step == Step.DONE:
                self._to_commit.add("effect")

        async def recorded(unit: Unit, entry: Entry) -> None:
            await record(unit, entry)
            if entry.rule == "approved":
                self._to_commit.add("approval")

        Unit.begin, Unit.move, Unit.record = began, moved, recorded  # type: ignore[method-assign,assignment]

    def _watch_mail(self) -> None:
        mail, rcpt, data = SMTP.mail, SMTP.rcpt, SMTP.data

        async def from_(client: SMTP, *given: Any, **named: Any) -> Any:
            self.reached()
            return await mail(client, *given, **named)

        async def to(client: SMTP, *given: Any, **named: Any) -> Any:
            self.reached()
            return await rcpt(client, *given, **named)

        async def content(client: SMTP, message: str | bytes, **named: Any) -> Any:
            raw = message if isinstance(message, bytes) else message.encode()
            self.reached("mail" if b"\nX-Reference:" in raw else "code sent")
            answer = await data(client, message, **named)
            self.reached()
            return answer

        SMTP.mail, SMTP.rcpt, SMTP.data = from_, to, content  # type: ignore[method-assign]

    def _watch_webhook(self) -> None:
        call = HttpPoster.__call__

        async def posted(poster: HttpPoster, *given: Any) -> None:
            self.reached("webhook")
            await call(poster, *given)
            self.reached()

        HttpPoster.__call__ = posted  # type: ignore[method-assign,assignment]

    def write(self, path: Path) -> None:
        path.write_text("\n".join(",".join(sorted(marks)) for marks in self.passed), encoding="utf-8")


def marks_in(path: Path) -> list[set[str]]:
    """The marks of each point of a run, as `Points.write` left them."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return [set(filter(None, line.split(","))) for line in lines]


def _die_in(seconds: float) -> None:
    time.sleep(seconds)
    os.kill(os.getpid(), signal.SIGKILL)


async def forked(
    work: Callable[[], Coroutine[None, None, None]],
    death: Death | None = None,
    points_to: Path | None = None,
) -> int | None:
    """Run `work` in a fork; return the signal that ended it, or None when it lived to the end.

    The loop of this process goes on meanwhile. It must hold no connection to a database: the fork opens its
    own.
    """
    pid = os.fork()
    if pid == 0:
        _live(work, death, points_to)
    descriptor = os.pidfd_open(pid)
    dead, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_reader(descriptor, dead.set)
    try:
        await dead.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    return _end_of(pid)


def _end_of(pid: int) -> int | None:
    _, ended = os.waitpid(pid, 0)
    if os.WIFSIGNALED(ended):
        return os.WTERMSIG(ended)
    assert os.WEXITSTATUS(ended) == 0, "the process failed instead of being killed"
    return None


def _live(
    work: Callable[[], Coroutine[None, None, None]], death: Death | None, points_to: Path | None
) -> None:
    status = 1
    gc.disable()  # it would touch, and so copy, all that the fork shares with its parent
    try:
        points = Points(death)
        if death is not None or points_to is not None:
            points.arm()
        asyncio.run(work())
        if points_to is not None:
            points.write(points_to)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)
