"""`clausewise log`: the action log, for admins."""

import csv
import sys
from collections.abc import AsyncIterator
from typing import Annotated, Any

import typer

from bot.commands.running import AsJson, fail, note, print_json, run, settings

commands = typer.Typer(no_args_is_help=True, help="Read, verify and export the action log.")

FIELDS = (
    "seq", "at", "subject", "actor", "action_id", "kind", "step", "rule", "clauses",
    "plan_hash", "params_hash", "prev_hash", "hash",
)  # fmt: skip
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@commands.command()
def show(
    action: Annotated[str | None, typer.Option(metavar="ID", help="Only entries of this action.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only this kind, such as cancel_account.")] = None,
    step: Annotated[str | None, typer.Option(help="Only this step, such as DONE.")] = None,
    last: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the last N entries.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print entries, oldest first. People are pseudonyms here.

    With --json, one object a line.
    """

    async def work() -> None:
        found = [entry async for entry in _entries(action, kind, step)]
        if not found:
            note("the log has no such entry" if action or kind or step else "the log is empty")
        for entry in found[-last:] if last else found:
            if as_json:
                print_json(entry)
            else:
                detail = "  ".join(filter(None, (entry["rule"], entry["clauses"])))
                typer.echo(
                    f"{entry['seq']:>6}  {entry['at'][:19]}  {entry['kind']:<18} {entry['step'] or '-':<22}"
                    f" {entry['actor']:<12} {entry['action_id'] or '':<10} {detail}".rstrip()
                )

    run(work)


@commands.command()
def verify(as_json: AsJson = False) -> None:
    """Check that nobody changed the log.

    Checks the chain of entries, the seal outside the database, and every effect against its entry. The exit
    status is 0 when all of it holds and 1 when not; the first bad entry is named.
    """
    from actions.audit import verify as verify_log
    from bot.app import open_app

    async def work() -> int:
        async with open_app(settings()) as app:
            report = await verify_log(app.database, app.seal)
        if as_json:
            print_json(
                {
                    "ok": report.ok,
                    "entries": report.entries,
                    "head": report.head,
                    "first_bad_seq": report.first_bad_seq,
                    "reason": report.reason,
                }
            )
        elif report.ok:
            typer.echo(f"The log verifies: {report.entries} entries, head {report.head[:16]}.")
        else:
            where = f"entry {report.first_bad_seq}: " if report.first_bad_seq is not None else ""
            typer.echo(f"The log does NOT verify. {where}{report.reason}")
        return 0 if report.ok else 1

    run(work)


@commands.command()
def export(
    form: Annotated[
        str, typer.Option("--format", metavar="jsonl|csv", help="One JSON object a line, or a table.")
    ] = "jsonl",
) -> None:
    """Write the whole log to stdout.

    The CSV is safe to open in a spreadsheet: no cell is taken for a formula.
    """
    if form not in ("jsonl", "csv"):
        fail(f"--format is jsonl or csv, not {form}", 2)

    async def work() -> None:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        if form == "csv":
            writer.writerow(FIELDS)
        async for entry in _entries(None, None, None):
            if form == "csv":
                writer.writerow([_safe(entry[field]) for field in FIELDS])
            else:
                print_json(entry)

    run(work)


def _safe(value: Any) -> Any:
    """A cell that begins like a formula is shown as text by every spreadsheet when quoted with '."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


async def _entries(action: str | None, kind: str | None, step: str | None) -> AsyncIterator[dict[str, Any]]:
    from actions.log import entries
    from bot.app import open_app

    async with open_app(settings()) as app:
        after = 0
        while page := await entries(
            app.database, after=after, limit=500, action_id=action, kind=kind, step=step
        ):
            for row in page:
                yield {**row.model_dump(), "at": row.at.isoformat()}
            after = page[-1].seq
