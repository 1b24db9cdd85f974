"""`clausewise log`: the action log, for admins."""

import csv
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from bot.commands.running import AsJson, fail, note, print_json, run, settings

commands = typer.Typer(no_args_is_help=True, help="Read, verify and export the action log.")

FIELDS = (
    "seq", "at", "subject", "actor", "action_id", "kind", "step", "rule", "clauses",
    "plan_hash", "params_hash", "prev_hash", "hash",
)  # fmt: skip
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Customer = Annotated[str | None, typer.Option(metavar="EMAIL", help="Only entries about this person.")]
ActionId = Annotated[
    str | None,
    typer.Option("--action", metavar="ID", help="Only entries of this action; a reference number will do."),
]
Kind = Annotated[str | None, typer.Option(help="Only this kind, such as cancel_account.")]
Actor = Annotated[
    str | None,
    typer.Option(
        help="Only what this actor did: customer, clock, staff, staff:PSEUDONYM; rules, model or model:NAME "
        "for what they proposed."
    ),
]
Outcome = Annotated[
    str | None, typer.Option("--outcome", "--step", help="Only what came to this step, such as DONE.")
]
Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="From this day or moment (2026-11-24, 2026-11-24T10:30).")
]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="To this day's end, or before this moment.")]


@commands.command()
def show(
    customer: Customer = None,
    action: ActionId = None,
    kind: Kind = None,
    actor: Actor = None,
    outcome: Outcome = None,
    since: Since = None,
    until: Until = None,
    last: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the last N entries.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print entries, oldest first. People are pseudonyms here.

    With --json, one object a line. Days are those of COMPANY_TIME_ZONE.
    """
    wanted = _wanted(customer, action, kind, actor, outcome, since, until)

    def put(entry: dict[str, Any]) -> None:
        if as_json:
            print_json(entry)
            return
        detail = "  ".join(filter(None, (entry["rule"], entry["clauses"])))
        typer.echo(
            f"{entry['seq']:>6}  {entry['at'][:19]}  {entry['kind']:<18} {entry['step'] or '-':<22}"
            f" {entry['actor']:<12} {entry['action_id'] or '':<10} {detail}".rstrip()
        )

    async def work() -> None:
        found, kept = 0, deque[dict[str, Any]](maxlen=last)
        async for entry in _entries(wanted):
            found += 1
            if last:
                kept.append(entry)
            else:
                put(entry)
        for entry in kept:
            put(entry)
        if not found:
            note("the log has no such entry" if wanted else "the log is empty")

    run(work)


@commands.command()
def verify(as_json: AsJson = False) -> None:
    """Check that nobody changed the log.

    Checks the chain of entries, the seal and the signed checkpoints outside the database, and every effect
    against its entry. The exit status is 0 when all of it holds and 1 when not; the first bad entry is named.
    """
    from actions.audit import verify as verify_log
    from bot.app import open_app

    async def work() -> int:
        async with open_app(settings()) as app:
            report = await verify_log(app.database, app.seal)
        if as_json:
            told = ("ok", "entries", "head", "first_bad_seq", "reason")
            print_json({name: getattr(report, name) for name in told})
        elif report.ok:
            typer.echo(f"The log verifies: {report.entries} entries, head {report.head[:16]}.")
        else:
            where = f"entry {report.first_bad_seq}: " if report.first_bad_seq is not None else ""
            typer.echo(f"The log does NOT verify. {where}{report.reason}")
        return 0 if report.ok else 1

    run(work)


@commands.command()
def checkpoint() -> None:
    """Sign the log's head now.

    Verifies the log first, and appends count, head and signature to the file of checkpoints (`serve` does so
    every hour, and every hundredth entry does). A log that does not verify is not signed.
    """
    from actions.audit import verify as verify_log
    from actions.seal import Head
    from actions.store.unit import unit_of_work
    from bot.app import open_app

    async def work() -> int:
        async with open_app(settings()) as app:
            async with unit_of_work(app.database, app.clock, app.seal):
                pass  # begins the files outside the database where they are missing
            report = await verify_log(app.database, app.seal)
            if not report.ok:
                fail(f"the log does not verify and is not signed: {report.reason}")
            if app.seal.checkpoints and report.entries:
                app.seal.checkpoints.write(Head(report.entries, report.head), app.clock.now())
        typer.echo(f"Signed: {report.entries} entries, head {report.head[:16]}.")
        return 0

    run(work)


@commands.command()
def key(as_json: AsJson = False) -> None:
    """Print the public key of the signed checkpoints."""
    from actions.checkpoints import SigningKey

    async def work() -> None:
        signing = SigningKey(settings().log_signing_key)
        if as_json:
            print_json({"public_key": signing.public_pem})
        else:
            typer.echo(signing.public_pem, nl=False)

    run(work)


@commands.command()
def export(
    form: Annotated[
        str, typer.Option("--format", metavar="jsonl|csv", help="One JSON object a line, or a table.")
    ] = "jsonl",
    customer: Customer = None,
    action: ActionId = None,
    kind: Kind = None,
    actor: Actor = None,
    outcome: Outcome = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Write the log, or what the filters leave of it, to stdout.

    The CSV is safe to open in a spreadsheet: no cell is taken for a formula.
    """
    if form not in ("jsonl", "csv"):
        fail(f"--format is jsonl or csv, not {form}", 2)
    wanted = _wanted(customer, action, kind, actor, outcome, since, until)

    async def work() -> None:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        if form == "csv":
            writer.writerow(FIELDS)
        async for entry in _entries(wanted):
            if form == "csv":
                writer.writerow([_safe(entry[field]) for field in FIELDS])
            else:
                print_json(entry)

    run(work)


def _safe(value: Any) -> Any:
    """A cell that begins like a formula is shown as text by every spreadsheet when quoted with '."""
    is_formula = isinstance(value, str) and value.lstrip(" ").startswith(FORMULA_STARTS)
    return f"'{value}" if is_formula else value


def _wanted(
    customer: str | None,
    action: str | None,
    kind: str | None,
    actor: str | None,
    outcome: str | None,
    since: str | None,
    until: str | None,
) -> dict[str, Any]:
    """Return the filters that were given, named as `actions.log.entries` names them; `customer` is left."""
    filters = {
        "customer": customer,
        "action_id": action,
        "kind": kind,
        "actor": actor,
        "step": outcome.upper() if outcome else None,
        "since": _moment("--since", since) if since else None,
        "until": _moment("--until", until, days=1) if until else None,
    }
    return {name: value for name, value in filters.items() if value is not None}


def _moment(option: str, written: str, *, days: int = 0) -> datetime:
    """Read a moment. A day without an hour is its beginning, `days` later."""
    zone = ZoneInfo(settings().company_time_zone)
    try:
        if len(written) == len("2026-11-24"):
            return datetime.combine(date.fromisoformat(written) + timedelta(days), time(), zone)
        moment = datetime.fromisoformat(written)
    except (ValueError, OverflowError):
        fail(f"{option} is a day or a moment, such as 2026-11-24 or 2026-11-24T10:30, not {written}", 2)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


async def _entries(wanted: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
    """Yield entries page by page, so that a long log needs no more memory than a short one."""
    from actions.access import id_of
    from actions.log import entries, subjects_of
    from bot.app import open_app

    filters = dict(wanted)
    async with open_app(settings()) as app:
        if email := filters.pop("customer", None):
            filters["subject"] = await subjects_of(app.database, email)
        if named := filters.get("action_id"):
            filters["action_id"] = await id_of(app.database, named)
        after = 0
        while page := await entries(app.database, after=after, limit=500, **filters):
            for row in page:
                yield {**row.model_dump(), "at": row.at.isoformat()}
            after = page[-1].seq
