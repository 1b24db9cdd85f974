"""`clausewise log`: filters, checkpoints, the public key, and exports of what was asked for."""

import csv
import io
import sqlite3
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from actions.log import Entry
from actions.model import Level
from actions.store.unit import unit_of_work
from bot.app import App
from tests.commands import clausewise
from tests.fakes import A_TUESDAY, MovingClock

OLIVIA = "olivia.owner@example.com"
ACTORS = ("customer", "clock", "staff:abc", "staff:abd", "model:router@3", "staffing")


@pytest.fixture
async def filled(app: App, clock: MovingClock, monkeypatch: pytest.MonkeyPatch) -> App:
    """An entry an hour from 10:00 UTC on, by each of ACTORS in turn; the first is about Olivia."""
    monkeypatch.setenv("DATA_DIR", str(app.settings.data_dir))
    person = await app.accounts.member_by_email(OLIVIA)
    assert person is not None
    principal = await app.accounts.principal(person.id, Level.LINKED)
    assert principal is not None
    for number, actor in enumerate(ACTORS):
        async with unit_of_work(app.database, clock, app.seal) as unit:
            subject = unit.subject(principal.member_id, OLIVIA) if number == 0 else "anonymous"
            await unit.record(Entry(subject, actor, "test", "a1", step="DONE" if number == 1 else None))
        clock.move(hours=1)
    return app


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ("", [1, 2, 3, 4, 5, 6]),
        (f"--customer {OLIVIA}", [1]),
        (f"--customer {OLIVIA.upper()}", [1]),
        ("--customer nobody@example.com", []),
        ("--actor staff", [3, 4]),
        ("--actor staff:abc", [3]),
        ("--actor model", [5]),
        ("--actor clock", [2]),
        ("--outcome done", [2]),
        ("--action a1 --kind test --last 2", [5, 6]),
        ("--since 2026-11-24T12:00:00+00:00", [3, 4, 5, 6]),
        ("--since 2026-11-24T13:00", [3, 4, 5, 6]),  # the company's zone is an hour ahead of UTC
        ("--until 2026-11-24T12:00:00Z", [1, 2]),
        ("--since 2026-11-24 --until 2026-11-24", [1, 2, 3, 4, 5, 6]),
        ("--until 2026-11-23", []),
        ("--since 2026-11-25", []),
    ],
)
def test_filters(filled: App, options: str, found: list[int]) -> None:
    shown = clausewise("log", "show", "--json", *options.split())
    assert shown.status == 0
    assert [line["seq"] for line in shown.lines] == found
    assert ("no such entry" in shown.err) is (not found)
    if "--last" not in options:
        assert clausewise("log", "export", *options.split()).lines == shown.lines
        table = clausewise("log", "export", "--format", "csv", *options.split()).out
        assert [int(row["seq"]) for row in csv.DictReader(io.StringIO(table))] == found


@pytest.mark.parametrize("time", ["yesterday", "2026-02-30", "2026-11-24T25:00"])
def test_a_wrong_time_is_said(filled: App, time: str) -> None:
    told = clausewise("log", "show", "--since", time)
    assert (told.status, told.out) == (2, "")
    assert "--since is a day or a moment" in told.err


def test_checkpoint_signs_what_verifies_and_nothing_else(filled: App) -> None:
    file = filled.settings.data_dir / "action-log.checkpoints"
    told = clausewise("log", "checkpoint")
    assert told.status == 0
    assert told.out.startswith("Signed: 6 entries, head ")
    (line,) = file.read_text().splitlines()
    count, head, moment, signature = line.split(" ")
    assert (count, head) == ("6", clausewise("log", "verify", "--json").json["head"])
    public = load_pem_public_key(clausewise("log", "key").out.encode())
    public.verify(bytes.fromhex(signature), f"{count} {head} {moment}".encode())  # type: ignore[union-attr, call-arg]
    assert clausewise("log", "key", "--json").json["public_key"] == clausewise("log", "key").out
    with sqlite3.connect(filled.settings.data_dir / "clausewise.sqlite") as database:
        database.execute("DROP TRIGGER action_log_no_update")
        database.execute("UPDATE action_log SET actor = 'clock' WHERE seq = 4")
    database.close()
    refused = clausewise("log", "checkpoint")
    assert (refused.status, refused.out) == (1, "")
    assert "entry 4" in refused.err
    assert len(file.read_text().splitlines()) == 1


async def test_the_worker_signs_every_hour(filled: App, clock: MovingClock) -> None:
    file = filled.settings.data_dir / "action-log.checkpoints"
    for _ in range(3):
        await filled.worker.tick()
        clock.move(minutes=30)
    assert [line.split()[0] for line in file.read_text().splitlines()] == ["6", "6"]
    assert clock.now() > A_TUESDAY


def test_another_file_and_another_key(filled: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_CHECKPOINT_FILE", str(tmp_path / "elsewhere"))
    assert "signed checkpoints are missing" in clausewise("log", "verify", "--json").json["reason"]
    assert clausewise("log", "checkpoint").status == 0
    assert (tmp_path / "elsewhere").exists()
    assert clausewise("log", "verify").status == 0
    monkeypatch.setenv("LOG_SIGNING_KEY_FILE", str(tmp_path / "key"))
    assert clausewise("log", "verify", "--json").json["first_bad_seq"] == 1
