"""`clausewise index`: made, kept, made anew, and what is said when it cannot be."""

from pathlib import Path

import pytest

from bot.app import open_app
from bot.commands.index import advancing
from tests.commands import clausewise
from tests.make import settings

TERMS = """# Terms of the Invented Kettle Service

## Free trial {#trial}

The trial lasts thirty days, and no payment card is asked for.

## Refunds {#refunds}

Months of a plan that were paid and not used are not refunded after a cancellation.
"""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A DATA_DIR with two clauses, ingested and indexed."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "terms.md").write_text(TERMS)
    ran = clausewise("ingest", tmp_path / "terms.md")
    assert (ran.status, ran.err) == (0, "")
    return tmp_path / "data"


def test_what_is_there_is_kept_unless_asked_otherwise(data: Path) -> None:
    kept = clausewise("index", "--json").json
    assert (kept["state"], kept["clauses"], kept["added"]) == ("ready", 2, 0)
    made = clausewise("index", "--anew", "--json").json
    assert (made["state"], made["clauses"], made["added"]) == ("ready", 2, 2)
    assert made["seconds"] > 0
    assert made["memory_mb"] > 50
    assert "2 clauses, none of them to be added" in clausewise("index").out


def test_an_index_that_cannot_be_made_is_said(data: Path) -> None:
    for file in sorted((data / "index").rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    (data / "index").rmdir()
    (data / "index").write_text("a file where a folder should be")
    ran = clausewise("index")
    assert ran.status == 1
    assert "exact search answers" in ran.out


async def test_beside_a_running_process_it_has_nothing_to_do(data: Path) -> None:
    import asyncio

    async with open_app(settings(data), serving=True) as app:
        assert await app.shelf.settle() == "ready"
        ran = await asyncio.to_thread(clausewise, "index", "--json")
    assert (ran.status, ran.json["state"]) == (0, "held")


def test_progress_is_for_terminals(capsys: pytest.CaptureFixture[str]) -> None:
    with advancing("building") as progress:
        progress(1, 2)
    assert capsys.readouterr() == ("", "")


def test_progress_shows_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    with advancing("building") as progress:
        progress(34_000, 100_000)
    assert "34000/100000" in capsys.readouterr().err
