"""kill -9 at every step of every action: no half effect, no double effect, a log that verifies.

A step is a statement that changes the database, a commit, or the sealing of the log's head. The process is a
fork of this warm one. It dies by a real SIGKILL before its n-th step, for n = 1, 2, ... until it lives to the
end. After each death the log must verify at once; then the customer's side repeats everything with the same
message ids, as a channel does, and exactly one effect must stand.
"""

import asyncio
import os
import shutil
import signal
import traceback
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlmodel import col, select

from actions.audit import verify
from actions.model import Step
from actions.seal import Head, Seal
from actions.store.tables import Action, CreditNote, Effect, GdprCase, Outbox
from bot.app import App, open_app
from bot.model import Incoming, Sender
from bot.tables import ButtonRow, MessageRow
from tests.fakes import A_TUESDAY, MovingClock
from tests.make import settings

MOST_STEPS = 400
OWNER = "olivia.owner@example.com"
READS = ("SELECT", "PRAGMA", "BEGIN", "WITH")

Say = tuple[str, str]
"""What the customer does: ("says", text) or ("presses", kind of button)."""

DIALOGUES: dict[str, list[Say]] = {
    "cancel_account": [("says", "please cancel my account"), ("presses", "confirm")],
    "invoice_correction": [
        ("says", "there is a wrong company name on our last invoice, please correct it"),
        ("says", "Renamed Teapots Ltd"),
        ("presses", "skip"),
        ("presses", "skip"),
        ("presses", "confirm"),
    ],
    "gdpr_request": [
        ("says", "please delete all personal data you have about me"),
        ("presses", "confirm"),
    ],
}


async def _play(app: App, clock: MovingClock, dialogue: list[Say]) -> None:
    """The whole dialogue and, two days later, the work that is due. Harmless to repeat."""
    for number, (what, value) in enumerate(dialogue):
        text, press = (value, None) if what == "says" else (None, await _button(app, value, number))
        sender = Sender(external_id="chat", vouched_email=OWNER)
        await app.turn(Incoming("test", "chat", f"message-{number}", sender, text=text, press=press))
        clock.move(seconds=20)
    clock.move(days=2)
    await app.actions.recover()
    await app.worker.tick()


async def _button(app: App, kind: str, number: int) -> str:
    """The button this press meant: the one shown last before it, also when the press is repeated."""
    before = A_TUESDAY + timedelta(seconds=20 * number)
    async with app.database.read() as session:
        shown = (
            await session.exec(
                select(MessageRow)
                .where(MessageRow.direction == "out", col(MessageRow.created_at) < before)
                .order_by(col(MessageRow.seq).desc())
            )
        ).all()
        for message in shown:
            for button in message.body["buttons"]:
                row = await session.get(ButtonRow, button["id"])
                if row is not None and row.kind == kind:
                    return row.id
    raise AssertionError(f"no button {kind} before message {number}")


def _fork(work: Callable[[], Coroutine[None, None, None]], kill_at: int | None = None) -> int | None:
    """Run `work` in a fork; return the signal that ended it, or None when it lived to the end."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            if kill_at is not None:
                _arm(kill_at)
            asyncio.run(work())
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    _, ended = os.waitpid(pid, 0)
    if os.WIFSIGNALED(ended):
        return os.WTERMSIG(ended)
    assert os.WEXITSTATUS(ended) == 0, "the process failed instead of being killed"
    return None


def _arm(kill_at: int) -> None:
    """Die before the `kill_at`-th step of this process."""
    left = kill_at

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    @event.listens_for(Engine, "before_cursor_execute")
    def _statement(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.lstrip().upper().startswith(READS):
            step()

    @event.listens_for(Engine, "commit")
    def _commit(_connection: object) -> None:
        step()

    write = Seal.write

    def sealed(self: Seal, head: Head, at: datetime) -> None:
        step()
        write(self, head, at)
        step()

    Seal.write = sealed  # type: ignore[method-assign]


async def _mend(folder: Path, kind: str) -> None:
    """What the next process finds, and what it makes of it."""
    clock = MovingClock()
    async with open_app(settings(folder), clock=clock) as app:
        report = await verify(app.database, app.seal)
        assert report.ok, report.reason
        await _play(app, clock, DIALOGUES[kind])
        report = await verify(app.database, app.seal)
        assert report.ok, report.reason
        await _assert_once(app, kind)


async def _assert_once(app: App, kind: str) -> None:
    async with app.database.read() as session:
        actions = (await session.exec(select(Action))).all()
        assert [(action.kind, action.step) for action in actions] == [(kind, Step.DONE)]
        assert len((await session.exec(select(Effect))).all()) == 1
        assert len((await session.exec(select(CreditNote))).all()) == (kind == "invoice_correction")
        assert len((await session.exec(select(GdprCase))).all()) == (kind == "gdpr_request")
        topics = [row.topic for row in (await session.exec(select(Outbox))).all()]
        assert len(topics) == len(set(topics))
        inbound = (await session.exec(select(MessageRow).where(MessageRow.direction == "in"))).all()
        assert {message.status for message in inbound} == {"answered"}
        told = (await session.exec(select(MessageRow).where(MessageRow.direction == "out"))).all()
    reference = actions[0].reference
    done = app.messages.say("en", "receipt.step.DONE")
    assert len([message for message in told if reference in message.text and done in message.text]) == 1


async def _live(folder: Path, kind: str) -> None:
    clock = MovingClock()
    async with open_app(settings(folder), clock=clock) as app:
        await _play(app, clock, DIALOGUES[kind])


@pytest.mark.parametrize("kind", DIALOGUES)
def test_a_kill_at_any_step_leaves_one_whole_effect(kind: str, prepared_dir: Path, tmp_path: Path) -> None:
    warm = tmp_path / "warm"
    shutil.copytree(prepared_dir, warm)
    asyncio.run(_live(warm, kind))  # loads everything, so that each fork starts warm
    for kill_at in range(1, MOST_STEPS):
        folder = tmp_path / f"killed-{kill_at}"
        shutil.copytree(prepared_dir, folder)
        ended = _fork(partial(_live, folder, kind), kill_at)
        assert ended in (None, signal.SIGKILL)
        assert _fork(partial(_mend, folder, kind)) is None
        shutil.rmtree(folder)
        if ended is None:
            assert kill_at > 20, f"only {kill_at - 1} steps: the kill does not reach the action"
            return
    pytest.fail(f"still killed at step {MOST_STEPS}")
