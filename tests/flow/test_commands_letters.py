"""`clausewise letters` and `clausewise tasks`, as staff call them."""

import asyncio
from pathlib import Path

import pytest

from actions.audit import verify
from actions.log import entries
from actions.store.tables import Outbox
from bot.app import App, open_app
from tests.commands import clausewise
from tests.make import Customer, settings


@pytest.fixture
def failed_dir(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """DATA_DIR is a demo store with a reply that did not arrive and a mail that was given up."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))

    async def work() -> None:
        async with open_app(settings(data_dir)) as app:
            await Customer(app).says("hello")
            (waiting,) = await app.transcript.pending("test", now=app.clock.now())
            await app.transcript.mark_failed(waiting.message_id, "Bad Request", retry_at=None)
            async with app.database.write() as session:
                now = app.clock.now()
                facts = {"reason": "mailbox unknown"}
                session.add(
                    Outbox(topic="staff.mail-failed.receipt", payload=facts, created_at=now, not_before=now)
                )

    asyncio.run(work())
    return data_dir


def rules(folder: Path) -> list[str | None]:
    async def work() -> list[str | None]:
        async with open_app(settings(folder)) as app:
            assert (await verify(app.database, app.seal)).ok
            assert await _waiting(app) <= 1
            return [entry.rule for entry in await entries(app.database)]

    return asyncio.run(work())


async def _waiting(app: App) -> int:
    return len(await app.transcript.pending("test", now=app.clock.now()))


def test_a_dead_letter_is_listed_opened_sent_again_and_logged(failed_dir: Path) -> None:
    (letter,) = clausewise("letters", "list", "--json").lines
    assert (letter["direction"], letter["channel"], letter["reason"]) == ("out", "test", "Bad Request")
    assert "text" not in letter
    assert "not delivered  test chat  Bad Request" in clausewise("letters", "list").out
    start = letter["letter_id"][:8]
    assert clausewise("letters", "show", start, "--json").json["text"]
    refused = clausewise("letters", "resend", start, "--as", "mallory")
    assert refused.status == 1
    assert "the setting STAFF lists who may" in refused.err
    assert "Will be tried again" in clausewise("letters", "resend", start).out
    assert "no letter is dead" in clausewise("letters", "list").err
    assert "no letter begins" in clausewise("letters", "drop", start).err
    assert rules(failed_dir) == ["letter-opened", "letter-resent"]


def test_a_dead_letter_is_dropped(failed_dir: Path) -> None:
    (letter,) = clausewise("letters", "list", "--json").lines
    assert "Dropped" in clausewise("letters", "drop", letter["letter_id"]).out
    assert clausewise("letters", "list").out == ""
    assert rules(failed_dir) == ["letter-dropped"]


def test_tasks_say_what_to_do_and_are_crossed_off(failed_dir: Path) -> None:
    (task,) = clausewise("tasks", "list", "--json").lines
    assert task["topic"] == "staff.mail-failed.receipt"
    assert "mailbox unknown" in task["remedy"]
    assert task["task_id"][:8] in clausewise("tasks", "list").out
    assert clausewise("tasks", "done", task["task_id"], "--as", "mallory").status == 1
    assert "Done: staff.mail-failed.receipt" in clausewise("tasks", "done", task["task_id"][:8]).out
    assert "nothing waits for staff" in clausewise("tasks", "list").err
    assert "no open task begins" in clausewise("tasks", "done", task["task_id"]).err
    assert rules(failed_dir) == ["task-done"]
