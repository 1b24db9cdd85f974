"""Files in, versions out, on a real SQLite database."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Table
from sqlmodel import SQLModel

from bot.database import Database
from knowledge.library import Library
from knowledge.model import Clause, FileOutcome, IngestReport
from knowledge.tables import TABLES, UtcDateTime

TERMS = """# Terms

Last updated: 2 October 2023

## Refunds {#refunds}

A paid month is not refunded once it has begun.

## Accounts

Every account has one owner, who alone may close it and who answers for whatever is done under it.

Whoever shares a login pays for another seat, and the system takes note of such sharing by itself.

The owner keeps the password safe; the provider is not liable for what comes of a password that is lost.
"""


class FixedClock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 5, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


class Words:
    """Tells Slovenian from English by one word; anything else is not known."""

    def detect(self, text: str) -> str | None:
        return "sl" if "račun" in text else "en" if " the " in text or " a " in text.casefold() else None


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'library.sqlite'}")
    tables: list[Table] = [table.__table__ for table in TABLES]
    async with made.engine.begin() as connection:
        await connection.run_sync(lambda sync: SQLModel.metadata.create_all(sync, tables=tables))
    yield made
    await made.close()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def library(database: Database, clock: FixedClock) -> Library:
    return Library(database, Words(), clock)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "documents"
    made.mkdir()
    (made / "terms.md").write_text(TERMS)
    return made


def move(path: Path, to: Path) -> None:
    path.rename(to)


def only(report: IngestReport) -> FileOutcome:
    assert len(report.files) == 1
    return report.files[0]


def by_text(clauses: list[Clause], start: str) -> Clause:
    return next(clause for clause in clauses if clause.text.startswith(start))


async def test_a_first_file(library: Library, folder: Path) -> None:
    assert await library.is_empty()
    assert await library.revision() == 0
    seen: list[str] = []
    outcome = only(await library.ingest([folder], progress=seen.append))
    assert (outcome.name, outcome.status, outcome.language, outcome.clauses) == ("terms.md", "added", "en", 5)
    assert seen == ["terms.md"]
    assert not await library.is_empty()
    assert await library.revision() == 1
    clauses = await library.clauses()
    assert [clause.ordinal for clause in clauses] == [0, 1, 2, 3, 4]
    refunds = clauses[1]
    assert refunds.clause_id == "terms#refunds"
    assert refunds.path == ("Terms", "Refunds")
    assert (refunds.document, refunds.title, refunds.anchor) == ("terms.md", "Terms", "refunds")
    assert refunds.version_date == date(2023, 10, 2)
    summary = (await library.documents())[0]
    assert (summary.name, summary.version, summary.clauses, summary.status) == ("terms.md", 1, 5, "current")
    assert summary.ingested_at == datetime(2026, 1, 5, 12, tzinfo=UTC)


async def test_the_same_files_again_change_nothing(library: Library, folder: Path) -> None:
    await library.ingest([folder])
    before = await library.clauses()
    report = await library.ingest([folder])
    assert only(report).status == "unchanged"
    assert report.revision == 1
    assert await library.clauses() == before


async def test_only_the_changed_clause_gets_a_new_version(library: Library, folder: Path) -> None:
    await library.ingest([folder])
    before = await library.clauses()
    (folder / "terms.md").write_text(TERMS.replace("one owner", "two owners"))
    outcome = only(await library.ingest([folder]))
    assert (outcome.status, outcome.changed_clauses) == ("changed", 1)
    after = await library.clauses()
    assert [clause.clause_id for clause in after] == [clause.clause_id for clause in before]
    assert [clause.version for clause in after] == [1, 1, 2, 1, 1]
    assert await library.revision() == 2
    old = await library.clause_version(before[2].clause_id, 1)
    assert old is not None
    assert "one owner" in old.text


async def test_clauses_put_in_and_taken_out_leave_the_others_their_ids(
    library: Library, folder: Path
) -> None:
    await library.ingest([folder])
    shares = by_text(await library.clauses(), "Whoever")
    new = "Nobody may sell an account, or give it to anyone who has no right to it under the present terms."
    (folder / "terms.md").write_text(TERMS.replace("Every account", f"{new}\n\nEvery account"))
    assert only(await library.ingest([folder])).changed_clauses == 1
    assert by_text(await library.clauses(), "Whoever").clause_id == shares.clause_id
    (folder / "terms.md").write_text(
        TERMS.replace("## Refunds {#refunds}\n\nA paid month is not refunded once it has begun.\n", "")
    )
    await library.ingest([folder])
    clauses = await library.clauses()
    assert by_text(clauses, "Whoever").clause_id == shares.clause_id
    assert by_text(clauses, "Whoever").version == 1
    assert "terms#refunds" not in {clause.clause_id for clause in clauses}
    (folder / "terms.md").write_text(TERMS)
    await library.ingest([folder])
    assert by_text(await library.clauses(), "A paid month").anchor == "refunds"


async def test_a_change_outside_every_clause_is_none(library: Library, folder: Path) -> None:
    await library.ingest([folder])
    (folder / "terms.md").write_text(TERMS + "\n\n\n")
    outcome = only(await library.ingest([folder]))
    assert outcome.status == "unchanged"
    assert "no clause does" in outcome.notes[0]
    assert await library.revision() == 1
    assert only(await library.ingest([folder])).notes == ()


async def test_bad_files_are_named_and_the_rest_goes_on(library: Library, folder: Path) -> None:
    (folder / "binary.txt").write_bytes(b"\x00\x01")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "headings.md").write_text("# Only\n\n## Headings\n")
    report = await library.ingest([folder / "gone.txt", folder])
    assert [(outcome.name, outcome.status) for outcome in report.files] == [
        (str(folder / "gone.txt"), "refused"),
        ("binary.txt", "refused"),
        ("empty.txt", "refused"),
        ("headings.md", "refused"),
        ("terms.md", "added"),
    ]
    says = [outcome.notes[0] for outcome in report.files[:4]]
    assert all(
        word in note
        for word, note in zip(("No such file", "not a text", "empty", "No clause"), says, strict=True)
    )


async def test_a_second_file_with_the_same_content_is_refused_by_the_first_s_name(
    library: Library, folder: Path
) -> None:
    (folder / "zz-copy.md").write_text(TERMS)
    report = await library.ingest([folder])
    assert report.files[1].status == "refused"
    assert report.files[1].notes == ("Same content as terms.md. Leave one of them out.",)
    assert len(await library.documents()) == 1


async def test_a_second_file_of_the_same_name_is_refused(
    library: Library, folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "terms.md").write_text(TERMS.replace("Refunds", "Returns"))
    report = await library.ingest([folder, other])
    assert [outcome.status for outcome in report.files] == ["added", "refused"]
    assert "Rename one of them" in report.files[1].notes[0]


async def test_a_file_that_moved_or_was_renamed_keeps_its_clauses(
    library: Library, folder: Path, tmp_path: Path
) -> None:
    await library.ingest([folder])
    before = [clause.clause_id for clause in await library.clauses()]
    moved = tmp_path / "elsewhere"
    move(folder, moved)
    assert only(await library.ingest([moved])).status == "moved"
    assert await library.revision() == 1
    move(moved / "terms.md", moved / "conditions.md")
    outcome = only(await library.ingest([moved]))
    assert (outcome.name, outcome.status) == ("conditions.md", "moved")
    clauses = await library.clauses()
    assert [clause.clause_id for clause in clauses] == before
    assert {clause.document for clause in clauses} == {"conditions.md"}
    assert await library.revision() == 2


async def test_a_missing_file_is_retired_only_on_request(library: Library, folder: Path) -> None:
    (folder / "other.md").write_text("# Privacy\n\nWe keep the data for a year and then we throw it away.\n")
    await library.ingest([folder])
    (folder / "other.md").unlink()
    report = await library.ingest([folder])
    assert report.missing == ("other.md",)
    assert report.files[-1].status == "missing"
    assert report.revision == 2
    assert {clause.document for clause in await library.clauses()} == {"terms.md", "other.md"}
    report = await library.ingest([folder], retire_missing=True)
    assert report.files[-1].status == "retired"
    assert report.revision == 3
    assert {clause.document for clause in await library.clauses()} == {"terms.md"}
    assert [summary.status for summary in await library.documents()] == ["retired", "current"]
    assert (await library.ingest([folder])).missing == ()


async def test_a_retired_document_comes_back_with_its_ids(library: Library, folder: Path) -> None:
    await library.ingest([folder])
    before = [clause.clause_id for clause in await library.clauses()]
    await library.retire(["terms.md"])
    assert await library.is_empty()
    assert only(await library.ingest([folder])).status == "changed"
    assert [clause.clause_id for clause in await library.clauses()] == before
    assert (await library.documents())[0].version == 2


async def test_what_becomes_unreadable_keeps_its_earlier_version(library: Library, folder: Path) -> None:
    await library.ingest([folder])
    (folder / "terms.md").write_bytes(b"\x00")
    outcome = only(await library.ingest([folder]))
    assert outcome.status == "refused"
    assert outcome.notes[-1] == "its earlier version stays in the library"
    assert len(await library.clauses()) == 5


async def test_clauses_by_id_and_by_anchor(library: Library, folder: Path) -> None:
    (folder / "pogoji.md").write_text("# Pogoji\n\n## Vračila {#refunds}\n\nPlačan račun se ne vrne.\n")
    await library.ingest([folder])
    clauses = await library.clauses()
    ids = [clauses[3].clause_id, "unknown", clauses[0].clause_id]
    assert await library.by_ids(ids) == [clauses[3], clauses[0]]
    assert await library.by_ids([]) == []
    for language, document in (("sl", "pogoji.md"), ("en", "terms.md"), ("lt", "terms.md")):
        found = await library.by_anchor("refunds", language)
        assert found is not None
        assert found.document == document
    assert await library.by_anchor("nowhere", "en") is None
    await library.retire(["terms.md"])
    left = await library.by_anchor("refunds", "en")
    assert left is not None
    assert left.document == "pogoji.md"


async def test_front_matter_speaks_for_the_document(library: Library, folder: Path) -> None:
    (folder / "terms.md").write_text(
        "---\ntitle: House rules\nlanguage: is\ndate: 2024-02-29\n---\n\nBe kind to all.\n"
    )
    outcome = only(await library.ingest([folder]))
    clause = (await library.clauses())[0]
    assert (clause.title, clause.language, clause.version_date) == ("House rules", "is", date(2024, 2, 29))
    assert clause.text == "Be kind to all."
    assert outcome.language == "is"


async def test_what_is_weaker_is_said(library: Library, folder: Path) -> None:
    (folder / "terms.md").write_text("---\nlanguage: mt\n---\n\nIl-klijent iħallas kull xahar.\n")
    assert "no dictionary" in only(await library.ingest([folder])).notes[-1]
    (folder / "terms.md").write_text("Xyzzy plugh.\n")
    outcome = only(await library.ingest([folder]))
    assert outcome.language == "und"
    assert "could not be told" in outcome.notes[-1]


async def test_without_a_stated_date_it_is_the_day_of_ingestion(
    library: Library, folder: Path, clock: FixedClock
) -> None:
    (folder / "terms.md").write_text("A fee is due monthly, and the owner pays it.\n")
    await library.ingest([folder])
    clock.moment = datetime(2026, 3, 1, tzinfo=UTC)
    await library.ingest([folder])
    assert (await library.clauses())[0].version_date == date(2026, 1, 5)
    (folder / "terms.md").write_text("A fee is due yearly, and the owner pays it.\n")
    await library.ingest([folder])
    assert (await library.clauses())[0].version_date == date(2026, 3, 1)


async def test_two_documents_never_share_a_clause_id(library: Library, folder: Path) -> None:
    (folder / "Terms.txt").write_text("Refunds\n\nA fee is not paid back to the customer.\n")
    await library.ingest([folder])
    ids = [clause.clause_id for clause in await library.clauses()]
    assert len(set(ids)) == len(ids) == 6


def test_a_moment_without_a_zone_is_refused() -> None:
    from sqlalchemy.dialects import sqlite

    column = UtcDateTime()
    with pytest.raises(ValueError, match="time zone"):
        column.process_bind_param(datetime(2026, 1, 1), sqlite.dialect())  # noqa: DTZ001
    assert column.process_result_value(datetime(2026, 1, 1), sqlite.dialect()) == datetime(  # noqa: DTZ001
        2026, 1, 1, tzinfo=UTC
    )


async def test_a_long_document_says_how_far_it_is(library: Library, folder: Path) -> None:
    """It is stored in parts, yet in one transaction, and comes back whole and in order."""
    paragraphs = [f"Paragraph number {number} says what it says, and nothing else." for number in range(4100)]
    (folder / "long.txt").write_text("\n\n".join(paragraphs))
    told: list[tuple[str, int, int]] = []
    report = await library.ingest([folder / "long.txt"], storing=lambda *said: told.append(said))
    assert report.files[0].clauses == 4100
    assert told == [("long.txt", 2000, 4100), ("long.txt", 4000, 4100)]
    assert [clause.text for clause in await library.clauses() if clause.document == "long.txt"] == paragraphs
    paragraphs[7] += " But this is new."
    (folder / "long.txt").write_text("\n\n".join(paragraphs))
    changed = await library.ingest([folder / "long.txt"])
    assert changed.files[0].changed_clauses == 1
