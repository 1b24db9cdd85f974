"""`clausewise ingest` and `clausewise clauses`: documents in, clauses out."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from bot.commands import index
from bot.commands.running import AsJson, call, counting, note, print_json, run, settings
from knowledge.model import Clause, FileOutcome, IngestReport

INGEST_EXAMPLES = """Examples:

clausewise ingest terms.md privacy.pdf

clausewise ingest documents/ --keep-missing --json"""


def ingest(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH",
            help="Files (text, Markdown, HTML, PDF, Word's .docx) and folders, searched to any depth.",
        ),
    ],
    retire_missing: Annotated[
        bool | None,
        typer.Option(
            "--retire-missing/--keep-missing",
            help="Documents whose files have disappeared: take them out of use, or let them go on answering.",
            show_default="ask on a terminal, else keep",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read documents into the library.

    The same files again change nothing; a changed clause becomes a new version. What cannot be read is
    named, with the reason, and the rest goes on; the exit status is then 1. From the first document on,
    the samples are out of play.
    """
    report = call(lambda: _read(paths, retire_missing))
    if report.missing and retire_missing is None and _asked_to_retire(report.missing):
        report = call(lambda: _retire(report))
    if report.revision and (_changed(report) or not (settings().data_dir / "index").exists()):
        index.remark(call(index.build))
    if as_json:
        print_json(_report_as_json(report))
    else:
        _print_report(report)
    raise typer.Exit(1 if any(outcome.status == "refused" for outcome in report.files) else 0)


async def _read(paths: list[Path], retire_missing: bool | None) -> IngestReport:
    from bot.shelf import open_library

    await _review()
    files = await _count(paths)
    with counting("reading", files) as step:
        async with open_library(settings()) as library:
            report = await library.ingest(
                paths, retire_missing=retire_missing, progress=step, storing=step.part
            )
    await _review()
    return report


async def _review() -> None:
    """Bind the figures of actions to the clauses as they are; after a change, hold what uses one of them.

    Called before as well as after an ingestion, so that none is the first sight of a wording that changed.
    """
    from bot.app import open_app

    async with open_app(settings()) as app:
        if all(document.status != "current" for document in await app.shelf.ingested()):
            return
        held = (await app.bindings.review()).held
    if held:
        note(
            f"The clauses behind {', '.join(sorted(held))} have changed: actions that use these figures go "
            "to staff. Compare with clausewise policies check, release with clausewise policies confirm."
        )


async def _count(paths: list[Path]) -> int:
    from asyncio import to_thread

    from knowledge.loading import discover

    return len((await to_thread(discover, paths)).files)


async def _retire(report: IngestReport) -> IngestReport:
    from bot.shelf import open_library

    async with open_library(settings()) as library:
        revision = await library.retire(report.missing)
    await _review()
    files = tuple(
        replace(outcome, status="retired") if outcome.status == "missing" else outcome
        for outcome in report.files
    )
    return replace(report, files=files, revision=revision)


def _person_is_there() -> bool:
    return sys.stdin.isatty()


def _asked_to_retire(missing: tuple[str, ...]) -> bool:
    """Ask at a terminal; elsewhere keep them, which loses nothing, and say how to decide."""
    names = ", ".join(missing)
    if _person_is_there():
        asked = f"No longer there: {names}. Retire them, so that no answer cites them? [y/N] "
        typer.echo(asked, nl=False, err=True)
        answer = sys.stdin.readline()
        if answer:
            return answer.strip().lower() in ("y", "yes")
        note("")
    note(f"No longer there, and kept: {names}. Decide with --retire-missing or --keep-missing.")
    return False


def _changed(report: IngestReport) -> bool:
    return any(outcome.status not in ("unchanged", "refused", "missing") for outcome in report.files)


def _print_report(report: IngestReport) -> None:
    for outcome in report.files:
        typer.echo(_line(outcome))
    read = [outcome for outcome in report.files if outcome.status not in ("missing", "retired")]
    refused = sum(outcome.status == "refused" for outcome in read)
    clauses = sum(outcome.clauses for outcome in read)
    changed = sum(outcome.status not in ("unchanged", "refused", "missing") for outcome in report.files)
    parts = [
        f"{_number(len(read) - refused, 'document')} with {_number(clauses, 'clause')}",
        f"{changed} changed" if changed else "nothing changed",
        *([f"{refused} refused"] if refused else []),
    ]
    typer.echo(f"{', '.join(parts)}; library revision {report.revision}.")


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _line(outcome: FileOutcome) -> str:
    about = ", ".join(
        part
        for part in (
            outcome.language,
            _number(outcome.clauses, "clause") if outcome.clauses else None,
            f"{outcome.changed_clauses} of them new or changed" if outcome.changed_clauses else None,
        )
        if part
    )
    notes = "".join(f"\n    {remark}" for remark in outcome.notes)
    return f"{outcome.status:<9} {outcome.name}" + (f"  ({about})" if about else "") + notes


def _report_as_json(report: IngestReport) -> dict[str, object]:
    return {
        "files": [
            {
                "name": outcome.name,
                "status": outcome.status,
                "language": outcome.language,
                "clauses": outcome.clauses,
                "changed_clauses": outcome.changed_clauses,
                "notes": list(outcome.notes),
            }
            for outcome in report.files
        ],
        "missing": list(report.missing),
        "revision": report.revision,
    }


def clauses(
    document: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this document; its file name, such as terms.md.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
) -> None:
    """Print every clause of the ingested documents, in document order."""
    from bot.shelf import open_library

    async def work() -> int:
        async with open_library(settings()) as library:
            found = [clause for clause in await library.clauses() if document in (None, clause.document)]
        if not found:
            note(
                f"no clauses of {document}"
                if document
                else "the library is empty; fill it with: clausewise ingest PATH"
            )
        for clause in found:
            if as_json:
                print_json(clause_as_json(clause))
            else:
                typer.echo(f"{clause.clause_id}  [{clause.language}]  {' > '.join(clause.path)}")
                typer.echo(f"    {clause.text}\n".replace("\n", "\n    ").rstrip(" "))
        return 1 if document and not found else 0

    run(work)


def clause_as_json(clause: Clause) -> dict[str, object]:
    """The fields that `clauses` and `search` print of a clause."""
    return {
        "document": clause.document,
        "clause_id": clause.clause_id,
        "heading": clause.heading,
        "path": list(clause.path),
        "text": clause.text,
        "language": clause.language,
        "anchor": clause.anchor,
        "version": clause.version,
    }
