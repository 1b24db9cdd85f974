"""`clausewise actions`: what staff see, decide, and are told when they may not."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

import actions.policies
from bot.app import App, open_app
from tests.commands import Ran, clausewise
from tests.make import Customer, settings

OLIVIA = "olivia.owner@example.com"
EVA, TOMAS = "eva@example.com", "tomas"
POLICIES = Path(actions.policies.__file__).with_name("policies.toml")


@pytest.fixture
def demo_dir(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """DATA_DIR is a demo store; a cancellation takes two members of staff, and there are three."""
    text = POLICIES.read_text(encoding="utf-8")
    file = tmp_path / "policies.toml"
    file.write_text(text.replace('cancel_account = "auto"', 'cancel_account = "four-eyes"'), encoding="utf-8")
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    monkeypatch.setenv("POLICIES_FILE", str(file))
    monkeypatch.setenv("STAFF", f" {EVA}, Tomas ,{OLIVIA}")
    return data_dir


def in_app(folder: Path, work: Callable[[App], object]) -> None:
    """In an application that has the same policies as the commands."""

    async def run() -> None:
        file = next(folder.parent.glob("policies.toml"), None)
        async with open_app(settings(folder, policies_file=file)) as app:
            await work(app)  # type: ignore[misc]

    asyncio.run(run())


def asked(folder: Path, sentence: str = "please cancel my account") -> None:
    async def work(app: App) -> None:
        customer = Customer(app, email=OLIVIA)
        await customer.says(sentence)
        await customer.presses("confirm")

    in_app(folder, work)


def waiting() -> str:
    """The reference of the one action that waits."""
    (row,) = clausewise("actions", "list", "--waiting", "--json").json
    return str(row["reference"])


def log() -> list[dict[str, object]]:
    return clausewise("log", "show", "--json").lines


def test_nothing_was_asked_for_yet(demo_dir: Path) -> None:
    for arguments, said in ((), "nothing was asked for yet"), (("--waiting",), "nothing waits for staff"):
        ran = clausewise("actions", "list", *arguments)
        assert (ran.status, ran.out) == (0, "")
        assert said in ran.err
    assert clausewise("actions", "list", "--json").json == []


def test_two_members_of_staff_let_it_pass(demo_dir: Path) -> None:
    asked(demo_dir)
    reference = waiting()
    shown = clausewise("log", "show", "--json", "--action", reference.lower())
    assert {entry["kind"] for entry in shown.lines} == {"cancel_account"}
    listed = clausewise("actions", "list", "--waiting").out
    assert listed.startswith(f"{reference}  cancel_account")
    assert "0 of 2 approvals" in listed
    first = clausewise("actions", "approve", reference, "--as", EVA)
    assert first.status == 0
    assert "1 of 2 approvals: another member of staff must approve it too" in first.out
    again = clausewise("actions", "approve", reference, "--as", EVA.upper(), "--json")
    assert again.json["step"] == "AWAITING_APPROVAL"
    assert again.json["approvals"] == {"given": [EVA], "needed": 2}
    second = clausewise("actions", "approve", reference.lower(), "--as", TOMAS)
    assert (second.status, second.out) == (0, f"{reference}  SCHEDULED  The customer is told.\n")
    assert clausewise("actions", "list", "--waiting", "--json").json == []
    (row,) = clausewise("actions", "list", "--json").json
    assert (row["step"], row["approvals"]) == ("SCHEDULED", {"given": [EVA, TOMAS], "needed": 2})
    assert row["effective_at"] > row["confirmed_at"]
    assert [entry["rule"] for entry in log()].count("approved") == 2
    assert clausewise("log", "verify").status == 0


def test_one_refuses_and_the_customer_reads_why(demo_dir: Path) -> None:
    asked(demo_dir)
    reference = waiting()
    blank = clausewise("actions", "refuse", reference, "--as", EVA, "--reason", " ")
    assert (blank.status, blank.out) == (1, "")
    assert "--reason TEXT" in blank.err
    reason = "An invoice of yours is still open."
    ran = clausewise("actions", "refuse", reference, "--as", EVA, "--reason", reason, "--json")
    assert (ran.status, ran.json["step"]) == (0, "REFUSED")
    assert reason not in json.dumps(log())
    told: list[str] = []

    async def work(app: App) -> None:
        await app.worker.tick()
        pending = await app.transcript.pending("test", now=app.clock.now())
        told.extend(outgoing.reply.text for outgoing in pending)

    in_app(demo_dir, work)
    assert any(reason in text and reference in text for text in told)
    late = clausewise("actions", "approve", reference, "--as", TOMAS)
    assert late.status == 1
    assert f"clausewise actions show {reference}" in late.err


def test_the_customer_is_told_of_an_approval_with_the_moment(demo_dir: Path) -> None:
    asked(demo_dir)
    reference = waiting()
    for staff in (EVA, TOMAS):
        clausewise("actions", "approve", reference, "--as", staff)
    told: list[str] = []

    async def work(app: App) -> None:
        await app.worker.tick()
        await app.worker.tick()
        pending = await app.transcript.pending("test", now=app.clock.now())
        told.extend(outgoing.reply.text for outgoing in pending if reference in outgoing.reply.text)
        told.append(app.messages.say("en", "receipt.step.SCHEDULED"))

    in_app(demo_dir, work)
    *messages, scheduled = told
    assert sum(scheduled in text for text in messages) == 1
    (mail,) = (demo_dir / "outbox").glob("*.eml")
    assert reference in mail.read_text(encoding="utf-8")


def test_a_refused_case_tells_of_the_right_to_complain(demo_dir: Path) -> None:
    async def work(app: App) -> None:
        customer = Customer(app, email=OLIVIA)
        await customer.says("stop sending me marketing e-mails")
        await customer.presses("confirm")

    in_app(demo_dir, work)
    (row,) = clausewise("actions", "list", "--json").json
    assert (row["kind"], row["step"]) == ("gdpr_request", "DONE")
    # An objection is carried out at once; nothing is left that anybody could refuse.
    ran = clausewise("actions", "refuse", row["reference"], "--as", EVA, "--reason", "no")
    assert ran.status == 1
    assert "does not wait for staff" in ran.err


def test_show_has_all_that_is_needed_to_decide_and_is_an_entry(demo_dir: Path) -> None:
    asked(demo_dir)
    reference = waiting()
    clausewise("actions", "approve", reference, "--as", EVA)
    before = len(log())
    shown = clausewise("actions", "show", reference, "--as", TOMAS)
    assert shown.status == 0
    for part in (
        *(reference, OLIVIA, "owner", "Clauses", "History", "Confirmed. Our team still has to approve it."),
        *("✓", f"Approved by {EVA} (1 of 2)", "account-owner", f"staff:{EVA}", "opened-by-staff"),
    ):
        assert part in shown.out, part
    entry = log()[-1]
    assert (len(log()), entry["kind"], entry["rule"]) == (before + 1, "access", "opened-by-staff")
    told = clausewise("actions", "show", reference, "--as", TOMAS, "--json").json
    assert told["asker"]["email"] == OLIVIA
    assert told["asker"]["pseudonym"] == entry["subject"]
    assert told["approvals"] == {"given": [EVA], "needed": 2}
    assert {line["key"] for line in told["plan"]["preconditions"]} >= {"check.owner"}
    assert "account-owner" in told["clauses"]
    assert [event["rule"] for event in told["history"]].count("opened-by-staff") == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "CW-NONE", "--as", EVA), "clausewise actions list"),
        (("approve", "CW-NONE", "--as", EVA), "clausewise actions list"),
        (("refuse", "", "--as", EVA, "--reason", "x"), "clausewise actions list"),
        (("show", "{reference}"), "'local' may not act here. Say who you are with --as"),
        (("approve", "{reference}", "--as", "nobody"), "the setting STAFF lists who may"),
        (("refuse", "{reference}", "--as", "", "--reason", "x"), "Say who you are with --as"),
        (("approve", "{reference}", "--as", OLIVIA), "another member of staff"),
        (("refuse", "{reference}", "--as", OLIVIA, "--reason", "x"), "another member of staff"),
    ],
)
def test_what_cannot_be_done_says_what_to_do(demo_dir: Path, arguments: tuple[str, ...], said: str) -> None:
    asked(demo_dir)
    reference = waiting()
    ran = clausewise("actions", *(part.format(reference=reference) for part in arguments))
    assert (ran.status, ran.out) == (1, "")
    assert said in ran.err
    assert waiting() == reference


@pytest.mark.parametrize("arguments", [("approve", "X"), ("refuse", "X", "--as", "eva"), ("show",)])
def test_what_is_missing_is_a_wrong_call(demo_dir: Path, arguments: tuple[str, ...]) -> None:
    assert clausewise("actions", *arguments).status == 2


def test_where_no_staff_is_named_the_local_operator_acts(
    demo_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STAFF")
    asked(demo_dir)
    reference = waiting()
    assert clausewise("actions", "show", reference).status == 0
    ran = clausewise("actions", "approve", reference, "--as", EVA)
    assert ran.status == 1
    assert "only 'local'" in ran.err
    refused = clausewise(
        "actions", "refuse", reference, "--as", "local", "--reason", "We talked on the phone."
    )
    assert "REFUSED" in refused.out


@pytest.mark.parametrize("staff", ["", EVA, f"{EVA}, {EVA.upper()}", f"{EVA},{OLIVIA}"])
def test_what_too_few_may_approve_is_refused_with_the_setting_to_set(
    demo_dir: Path, monkeypatch: pytest.MonkeyPatch, staff: str
) -> None:
    monkeypatch.setenv("STAFF", staff)
    asked(demo_dir)
    reference = waiting()
    ran = clausewise("actions", "approve", reference, "--as", EVA if staff else "local")
    assert (ran.status, ran.out) == (1, "")
    assert "Add who else may approve to STAFF" in ran.err
    assert log()[-1]["rule"] == "too-few-staff"
    assert waiting() == reference


def test_an_agent_who_opens_a_conversation_is_in_the_log(demo_dir: Path) -> None:
    async def work(app: App) -> None:
        await Customer(app, email=OLIVIA).says("I want to talk to a real person")

    in_app(demo_dir, work)
    before = len(log())
    case: Ran = clausewise("handoff", "list", "--json", "--as", "Maja")
    clausewise("handoff", "take", case.json[0]["conversation"], "--as", "Maja")
    entries = log()[before:]
    assert [(entry["kind"], entry["rule"]) for entry in entries] == [("access", "opened-by-staff")] * 2
    assert len({entry["actor"] for entry in entries}) == 1
    assert "maja" not in json.dumps(entries).lower()
    clausewise("handoff", "take", "zzzz", "--as", "Maja")
    assert len(log()) == before + 2
