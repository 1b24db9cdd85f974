"""`policies check` and `policies confirm`, with two of the samples ingested as a company's own terms."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import select

import bot
from actions.model import Step
from actions.store.tables import Action
from bot.app import App, open_app
from tests.commands import clausewise
from tests.make import Customer, all_text, settings

OLIVIA = "olivia.owner@example.com"
SAMPLES = Path(bot.__file__).with_name("samples")
TOLD = "The terms behind this request were changed a short while ago"


@pytest.fixture
def documents(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The company's documents, two languages of the samples, ingested into the demo store."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    monkeypatch.setenv("COLUMNS", "100")
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in ("terms.en.md", "terms.lt.md"):
        shutil.copy(SAMPLES / name.split(".")[1] / name, folder)
    assert clausewise("ingest", folder).status == 0
    return folder


def changed(documents: Path) -> str:
    """The English terms promise another window, and are ingested again; what is said of it on stderr."""
    file = documents / "terms.en.md"
    text = file.read_text()
    assert text.count("within 15 days, counted") == 1
    file.write_text(text.replace("within 15 days, counted", "within 10 days, counted"))
    ran = clausewise("ingest", documents)
    assert ran.status == 0
    return ran.err


def in_app(folder: Path, work: Callable[[App], object]) -> None:
    async def run() -> None:
        async with open_app(settings(folder)) as app:
            await work(app)  # type: ignore[misc]

    asyncio.run(run())


def states() -> dict[str, tuple[int, str, bool]]:
    rows = clausewise("policies", "check", "--json").json
    return {row["figure"]: (row["value"], row["state"], row["held"]) for row in rows}


def test_with_the_samples_every_figure_is_as_its_clause_says(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    ran = clausewise("policies", "check")
    assert ran.status == 0
    header, *lines = ran.out.splitlines()
    assert header.split() == ["figure", "value", "clause", "state"]
    assert [line.split()[-1] for line in lines] == ["ok"] * 11
    assert clausewise("policies", "confirm", "refund_share", "--value", 60, "--as", "local").status == 0
    assert states()["refund_share"] == (60, "ok", False)


def test_first_documents_bind_and_what_they_lack_is_said(documents: Path) -> None:
    found = states()
    assert found["correction_window"] == (15, "ok", False)
    assert found["deletion"] == (30, "clause missing", False)
    assert clausewise("log", "show", "--kind", "policy").out == ""


def test_a_change_is_shown_side_by_side_and_confirmed(documents: Path) -> None:
    assert "correction_window" in changed(documents)
    told = next(part for part in clausewise("doctor", "--json").json if part["part"] == "policies")
    assert (told["status"], told["remedy"]) == ("missing", "clausewise policies check")
    assert "correction_window" in told["detail"]
    ran = clausewise("policies", "check")
    assert ran.status == 1
    assert "needs review, held" in ran.out
    assert "correction_window: billing-details-update [en] in terms.en.md" in ran.out
    assert "within [-15-] days" in ran.out
    assert "within {+10+} days" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 100
    (review,) = next(row["reviews"] for row in clausewise("policies", "check", "--json").json if row["held"])
    parts = {part["what"]: (part["old"], part["new"]) for part in review["difference"]}
    assert (review["language"], parts["replace"]) == ("en", ("15", "10"))
    confirmed = clausewise("policies", "confirm", "correction_window", "--value", 10, "--as", "local")
    assert (confirmed.status, confirmed.err) == (0, "")
    assert "correction_window is 10 days" in confirmed.out
    after = clausewise("policies", "check")
    assert after.status == 0
    assert "10 days (policies.toml: 15)" in after.out
    logged = clausewise("log", "show", "--kind", "policy", "--json").lines
    assert [entry["rule"] for entry in logged] == ["held", "changed"]
    assert clausewise("log", "verify").status == 0


def test_the_customer_is_told_on_the_card_and_on_the_receipt(documents: Path, data_dir: Path) -> None:
    file = documents / "terms.en.md"
    file.write_text(file.read_text().replace("within one business day", "within three business days"))
    assert "cancellation" in clausewise("ingest", documents).err

    async def held(app: App) -> None:
        customer = Customer(app, email=OLIVIA)
        assert TOLD in all_text(await customer.says("please cancel my account"))
        told = await customer.presses("confirm")
        assert TOLD in all_text(told)
        async with app.database.read() as session:
            (action,) = (await session.exec(select(Action))).all()
        assert action.step == Step.AWAITING_APPROVAL
        await customer.presses("withdraw")

    in_app(data_dir, held)
    assert clausewise("policies", "confirm", "cancellation", "--as", "local").status == 0

    async def released(app: App) -> None:
        customer = Customer(app, email=OLIVIA, chat="another")
        assert TOLD not in all_text(await customer.says("please cancel my account"))
        assert TOLD not in all_text(await customer.presses("confirm"))

    in_app(data_dir, released)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("nothing", "--as", "local"), 2, "no clause stands behind a figure 'nothing'"),
        (("proposal_expiry", "--as", "local"), 2, "no clause stands behind"),
        (("consent", "--value", 0, "--as", "local"), 2, "whole number from 1 to 1000"),
        (("consent", "--value", "x", "--as", "local"), 2, "--value"),
        (("consent",), 2, "--as"),
        (("consent", "--as", "mallory"), 1, "'mallory' may not act here"),
    ],
)
def test_what_cannot_be_confirmed_is_said(
    documents: Path, arguments: tuple[object, ...], status: int, said: str
) -> None:
    ran = clausewise("policies", "confirm", *arguments)
    assert (ran.status, ran.out) == (status, "")
    assert said in ran.err


def test_confirming_what_stands_does_nothing(documents: Path) -> None:
    ran = clausewise("policies", "confirm", "correction_window", "--as", "local", "--json")
    assert (ran.json["rule"], ran.json["held"]) == (None, False)
    assert clausewise("log", "show", "--kind", "policy").out == ""
