"""`demo`, `log`, `handoff` and `doctor`, and what every command says of wrong settings."""

import asyncio
import csv
import io
import json
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from actions.log import Entry, append
from bot.app import App, open_app
from tests.commands import clausewise
from tests.fakes import A_TUESDAY
from tests.make import Customer, settings

OLIVIA = "olivia.owner@example.com"
SEALED = ["seq", "at", "subject", "actor", "action_id", "kind", "step", "rule", "clauses"]


@pytest.fixture
def demo_dir(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """DATA_DIR is a demo store with the samples."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    return data_dir


@pytest.fixture
def new_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """DATA_DIR does not exist yet."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "new"))
    return tmp_path / "new"


def in_app(folder: Path, work: Callable[[App], object]) -> None:
    async def run() -> None:
        async with open_app(settings(folder)) as app:
            await work(app)  # type: ignore[misc]

    asyncio.run(run())


def cancelled(folder: Path) -> None:
    """Somebody has cancelled an account, so that the log holds a few entries."""

    async def work(app: App) -> None:
        customer = Customer(app, email=OLIVIA)
        await customer.says("please cancel my account")
        await customer.presses("confirm")

    in_app(folder, work)


def queued(folder: Path, text: str = "I want to talk to a real person") -> None:
    async def work(app: App) -> None:
        await Customer(app).says(text)

    in_app(folder, work)


def spoil(folder: Path, statement: str) -> None:
    """Change the database behind the program's back, its triggers dropped."""
    with sqlite3.connect(folder / "clausewise.sqlite") as database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute(statement)
    database.close()


def test_demo_fills_an_empty_store_and_again_only_lists_it(new_dir: Path) -> None:
    first = clausewise("demo")
    assert (first.status, first.err) == (0, "")
    assert "clausewise chat --as EMAIL" in first.out
    assert OLIVIA in first.out
    assert clausewise("demo").out == first.out
    people = clausewise("demo", "--json").json
    assert {person["language"] for person in people} == {"en", "sl", "lt", "et", "bg"}
    assert set(people[0]) == {"email", "name", "company", "language", "role", "about"}
    quiet = clausewise("demo", "--if-empty")
    assert (quiet.status, quiet.out, quiet.err) == (0, "", "")


def test_demo_leaves_other_data_alone(demo_dir: Path) -> None:
    spoil(demo_dir, "DELETE FROM store_info WHERE key = 'demo'")
    refused = clausewise("demo", "--json")
    assert (refused.status, refused.out) == (1, "")
    assert "is left alone" in refused.err
    quiet = clausewise("demo", "--if-empty")
    assert (quiet.status, quiet.out, quiet.err) == (0, "", "")


def test_an_empty_log(new_dir: Path) -> None:
    shown = clausewise("log", "show")
    assert (shown.status, shown.out) == (0, "")
    assert "the log is empty" in shown.err
    told = clausewise("log", "verify", "--json")
    head = {"ok": True, "entries": 0, "head": "0" * 64, "first_bad_seq": None, "reason": None}
    assert (told.status, told.json) == (0, head)


def test_the_log_is_shown_filtered_and_exported(demo_dir: Path) -> None:
    cancelled(demo_dir)
    entries = clausewise("log", "show", "--json").lines
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    assert {entry["kind"] for entry in entries} == {"cancel_account"}
    assert OLIVIA not in json.dumps(entries)
    steps = [entry["step"] for entry in entries if entry["step"]]
    assert steps[-1] == "SCHEDULED"
    assert clausewise("log", "show", "--step", "SCHEDULED", "--json").lines == entries[-1:]
    assert clausewise("log", "show", "--last", "1", "--json").lines == entries[-1:]
    action = entries[-1]["action_id"]
    assert clausewise("log", "show", "--action", action, "--kind", "cancel_account").out.count(action) > 1
    assert "no such entry" in clausewise("log", "show", "--kind", "gdpr_request").err
    assert clausewise("log", "export").lines == entries
    rows = list(csv.DictReader(io.StringIO(clausewise("log", "export", "--format", "csv").out)))
    assert [row["hash"] for row in rows] == [entry["hash"] for entry in entries]
    assert list(rows[0])[: len(SEALED)] == SEALED
    wrong = clausewise("log", "export", "--format", "xml")
    assert (wrong.status, wrong.out) == (2, "")
    assert "jsonl or csv" in wrong.err


def test_verify_says_that_the_log_holds(demo_dir: Path) -> None:
    cancelled(demo_dir)
    told = clausewise("log", "verify", "--json")
    assert told.status == 0
    assert list(told.json) == ["ok", "entries", "head", "first_bad_seq", "reason"]
    last = clausewise("log", "show", "--last", "1", "--json").json
    assert (told.json["entries"], told.json["head"]) == (last["seq"], last["hash"])
    assert clausewise("log", "verify").out.startswith("The log verifies: ")


@pytest.mark.parametrize(
    ("statement", "first_bad", "said"),
    [
        ("UPDATE action_log SET step = 'DONE' WHERE seq = 2", 2, "was changed"),
        ("DELETE FROM action_log WHERE seq = 1", 1, "is missing"),
        ("DELETE FROM action_log WHERE seq = (SELECT max(seq) FROM action_log)", None, "is missing"),
        ("UPDATE action SET step = 'DONE'", None, "stands at a step"),
    ],
)
def test_verify_names_the_first_bad_entry(
    demo_dir: Path, statement: str, first_bad: int | None, said: str
) -> None:
    cancelled(demo_dir)
    count = len(clausewise("log", "show", "--json").lines)
    spoil(demo_dir, statement)
    told = clausewise("log", "verify", "--json")
    assert (told.status, told.json["ok"]) == (1, False)
    if "max(seq)" in statement:
        first_bad = count
    assert told.json["first_bad_seq"] == first_bad
    assert said in told.json["reason"]
    spoken = clausewise("log", "verify")
    assert spoken.status == 1
    assert "does NOT verify" in spoken.out


def test_no_cell_of_the_csv_is_a_formula(demo_dir: Path) -> None:
    async def work(app: App) -> None:
        async with app.database.write() as session:
            entry = Entry(
                "=HYPERLINK(1)", actor="@clock", kind="+1", action_id="-2", rule="\tx", clauses=("a",)
            )
            await append(session, entry, A_TUESDAY)

    in_app(demo_dir, work)
    ran = clausewise("log", "export", "--format", "csv")
    row = next(csv.DictReader(io.StringIO(ran.out)))
    dangerous = ("subject", "actor", "kind", "action_id", "rule")
    assert [row[name] for name in dangerous] == ["'=HYPERLINK(1)", "'@clock", "'+1", "'-2", "'\tx"]
    assert clausewise("log", "export").lines[0]["subject"] == "=HYPERLINK(1)"


def test_the_desk_takes_writes_and_gives_back(demo_dir: Path) -> None:
    assert clausewise("handoff", "list").out == "Nobody is waiting.\n"
    assert clausewise("handoff", "list", "--json").json == []
    queued(demo_dir)
    [case] = clausewise("handoff", "list", "--json").json
    assert (case["state"], case["held_by"], case["channel"]) == ("queued", None, "test")
    assert case["messages"][0]["text"] == "I want to talk to a real person"
    short = case["conversation"][:8]
    assert f"{short}  waiting since" in clausewise("handoff", "list").out

    early = clausewise("handoff", "reply", short, "Hello", "--as", "Maja")
    assert early.status == 1
    assert "nobody holds this conversation" in early.err
    taken = clausewise("handoff", "take", short, "--as", "Maja", "--json")
    assert (taken.status, taken.json["state"], taken.json["held_by"]) == (0, "with_person", "Maja")
    other = clausewise("handoff", "take", short, "--as", "Eva")
    assert (other.status, other.out) == (1, "")
    assert "Maja holds this conversation" in other.err
    assert clausewise("handoff", "reply", short, "How can I help?", "--as", "Maja").status == 0
    assert "with Maja" in clausewise("handoff", "list").out
    blank = clausewise("handoff", "reply", short, "  ", "--as", "Maja")
    assert blank.status == 1
    assert "the text is empty" in blank.err
    assert clausewise("handoff", "back", short, "--as", "Maja").status == 0
    assert clausewise("handoff", "list").out == "Nobody is waiting.\n"

    seen: list[str] = []

    async def look(app: App) -> None:
        pending = await app.transcript.pending("test", now=app.clock.now())
        seen.extend(outgoing.reply.text for outgoing in pending)

    in_app(demo_dir, look)
    assert any(text.startswith("Maja") and "How can I help?" in text for text in seen)


@pytest.mark.parametrize("wrong", ["", "zzzz", "%"])
def test_a_conversation_that_is_not_there(demo_dir: Path, wrong: str) -> None:
    queued(demo_dir)
    for arguments in (("take", wrong), ("reply", wrong, "hi"), ("back", wrong)):
        ran = clausewise("handoff", *arguments, "--as", "Maja")
        assert (ran.status, ran.out) == (1, "")
        assert "clausewise handoff list" in ran.err


def test_doctor_with_nothing_configured(demo_dir: Path) -> None:
    ran = clausewise("doctor", "--json")
    assert ran.status == 0
    findings = {finding["part"]: finding for finding in ran.json}
    assert {name for name, found in findings.items() if found["status"] == "missing"} == {
        "library",
        "company",
        "mail",
        "telegram",
        "desk",
        "signed API",
    }
    assert all(found["remedy"] for found in ran.json if found["status"] != "ok")
    assert "clausewise ingest" in findings["library"]["remedy"]
    assert "TELEGRAM_BOT_TOKEN" in findings["telegram"]["remedy"]
    assert "API_SECRETS" in findings["signed API"]["remedy"]
    assert "Chroma answers" in findings["index"]["detail"]
    assert "a demo" in findings["store"]["detail"]


def test_doctor_names_every_fault_and_its_remedy(demo_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled(demo_dir)
    spoil(demo_dir, "UPDATE action_log SET actor = 'clock' WHERE seq = 1")
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:x")
    monkeypatch.setenv("PUBLIC_URL", "https://bot.example.com")
    monkeypatch.setenv("COMPANY_COUNTRY", "QQ")
    ran = clausewise("doctor")
    assert ran.status == 1
    faults = [line.split()[1] for line in ran.out.splitlines() if line.startswith("FAULT")]
    assert faults == ["business", "action", "telegram"]
    assert "-> use a code like SK" in ran.out
    assert "-> clausewise log verify" in ran.out
    assert "-> set TELEGRAM_WEBHOOK_SECRET" in ran.out


def test_doctor_counts_documents_in_use_only(demo_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "docs" / "house.md"
    file.parent.mkdir()
    file.write_text("# House rules\n\n## Shoes\n\nLeave your shoes at the door.\n")
    clausewise("ingest", file.parent)
    assert "1 documents, 1 clauses (en)" in clausewise("doctor").out
    file.unlink()
    clausewise("ingest", file.parent, "--retire-missing")
    library = next(f for f in clausewise("doctor", "--json").json if f["part"] == "library")
    assert library["status"] == "missing"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_URL", "nonsense", "DATABASE_URL is not an address of a database; write postgresql://"),
        ("DATABASE_URL", "mysql://root:hidden@host/x", "DATABASE_URL begins with mysql:"),
        ("DATABASE_URL", "postgresql://localhost:1/x", "check DATABASE_URL"),
        ("DATA_DIR", "a-file", "set DATA_DIR to a folder that can be written"),
        ("DATA_DIR", "/proc/clausewise", "set DATA_DIR to a folder that can be written"),
        ("POLICIES_FILE", "none.toml", "none.toml: cannot be read (No such file or directory)"),
    ],
)
def test_a_wrong_setting_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    (tmp_path / "a-file").touch()
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "new"))
    monkeypatch.setenv(name, value)
    commands = [("ask", "hello"), ("log", "verify"), ("handoff", "list"), ("chat", "--jsonl"), ("serve",)]
    if name != "POLICIES_FILE":
        commands += [("clauses",), ("search", "hello"), ("ingest", ".")]
    for command in commands:
        ran = clausewise(*command)
        assert (ran.status, ran.out) == (2, ""), command
        assert said in ran.err, command
        assert "hidden" not in ran.err
    doctor = clausewise("doctor")
    assert doctor.status == 1
    assert "FAULT" in doctor.out
    assert said.partition("; ")[0].removeprefix("check ") in doctor.out
    assert "hidden" not in doctor.out


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "70000"),
        ("DEFAULT_LANGUAGE", "de"),
        ("LOG_LEVEL", "loud"),
        ("COMPANY_TIME_ZONE", "Mars/Base"),
    ],
)
@pytest.mark.parametrize("command", [("doctor",), ("route", "hello"), ("chat",), ("serve",)])
def test_a_setting_of_the_wrong_kind_is_named(
    new_dir: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv(name, value)
    ran = clausewise(*command)
    assert (ran.status, ran.out) == (2, "")
    assert f"the setting {name} cannot be used" in ran.err
    assert ".env.example" in ran.err
    assert not new_dir.exists()


def test_a_damaged_env_file_is_named(new_dir: Path) -> None:
    Path(".env").write_bytes(b"PORT=\xff\xfe")
    ran = clausewise("clauses")
    assert ran.status == 2
    assert ".env cannot be read" in ran.err


def test_a_damaged_database_is_a_sentence(new_dir: Path) -> None:
    new_dir.mkdir()
    (new_dir / "clausewise.sqlite").write_bytes(b"not a database " * 400)
    ran = clausewise("clauses")
    assert (ran.status, ran.out) == (2, "")
    assert "check DATA_DIR" in ran.err


def test_a_bug_is_one_line_and_whole_when_asked_for(new_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("knowledge.library.Library.clauses", broken)
    ran = clausewise("clauses")
    assert (ran.status, ran.out) == (1, "")
    assert "No space left on device" in ran.err
    monkeypatch.setenv("LOG_LEVEL", "debug")
    with pytest.raises(OSError, match="No space left"):
        clausewise("clauses")


def test_doors_say_what_they_miss(new_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poll = clausewise("poll")
    assert poll.status == 2
    assert "TELEGRAM_BOT_TOKEN" in poll.err
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("PORT", str(taken.getsockname()[1]))
        serve = clausewise("serve")
    assert serve.status == 2
    assert "cannot listen on HOST 127.0.0.1" in serve.err
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:x")
    serve = clausewise("serve")
    assert serve.status == 2
    assert "TELEGRAM_WEBHOOK_SECRET is not set" in serve.err
