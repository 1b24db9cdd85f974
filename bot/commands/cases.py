"""`clausewise cases`: data-protection cases, their clock, and what staff do about them."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bot.commands.actions import LOCAL, REMEDIES, Staff
from bot.commands.running import AsJson, fail, note, print_json, run, settings

if TYPE_CHECKING:
    from actions.cases import OpenedCase
    from actions.casework import Case
    from actions.model import Rejected
    from bot.app import App

Result = TypeVar("Result")

commands = typer.Typer(no_args_is_help=True, help="See which data-protection cases are due; answer in time.")

Named = Annotated[str, typer.Argument(metavar="REF", help="The case's reference number.")]

CASE_REMEDIES = REMEDIES | {
    "unknown-case": "there is no data-protection case {case}; see: clausewise cases list",
    "case-not-open": "the case {case} is closed",
    "already-extended": "the case {case} was extended already; the law allows it once",
    "extension-too-late": "the first month of {case} is over, and only within it can a case be extended",
    "reason-missing": "an extension needs a reason, which the customer will read: --reason TEXT",
    "already-paused": "the case {case} is paused already",
    "not-paused": "the case {case} is not paused",
}


@commands.command("list")
def list_cases(
    due: Annotated[
        int | None, typer.Option(metavar="DAYS", min=0, help="Only what is due in so many days, or overdue.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the open cases, the most urgent first, without anything of the customers.

    A paused case stands here as well: waiting for the customer's answer does not stop the clock.

    With --json, one object a line.
    """
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            found = await app.cases.listed(due)
        if not found:
            note("no case is open" if due is None else f"no open case is due in {due} days")
        for case in found:
            if as_json:
                print_json(_json(case))
            else:
                typer.echo(_line(case))

    run(work)


@commands.command()
def show(case: Named, staff: Staff = LOCAL, as_json: AsJson = False) -> None:
    """Open one case: who asked, the days, the extension, the history.

    The action log notes that you opened it.
    """

    async def work() -> None:
        from bot.app import open_app

        async with open_app(settings()) as app:
            opened = await app.cases.show(case, staff)
        accepted = _accepted(opened, staff, case)
        if as_json:
            print_json(_opened_json(accepted))
        else:
            typer.echo(_opened_text(accepted))

    run(work)


@commands.command()
def extend(
    case: Named,
    staff: Staff,
    reason: Annotated[str, typer.Option(help="Why; the customer reads it word for word.")],
    as_json: AsJson = False,
) -> None:
    """Give a case two more months: once, and within its first month.

    The customer is told the reason and the new day.

    Example: clausewise cases extend CW-7KXM-2Q9F --as eva@example.com --reason "Nine years of archives."
    """

    async def change(app: "App") -> "Case | Rejected":
        return await app.cases.extend(case, staff, reason)

    _change(case, staff, change, as_json)


@commands.command()
def pause(case: Named, staff: Staff = LOCAL, as_json: AsJson = False) -> None:
    """Note that the customer has to answer something first.

    The day stays and reminders come all the same.
    """

    async def change(app: "App") -> "Case | Rejected":
        return await app.cases.pause(case, staff)

    _change(case, staff, change, as_json)


@commands.command()
def resume(case: Named, staff: Staff = LOCAL, as_json: AsJson = False) -> None:
    """Note that the customer has answered."""

    async def change(app: "App") -> "Case | Rejected":
        return await app.cases.resume(case, staff)

    _change(case, staff, change, as_json)


@commands.command()
def done(
    case: Named,
    staff: Staff,
    remark: Annotated[str, typer.Option("--note", help="For staff; the customer does not see it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Close a case as answered. The customer is told.

    Of a request for erasure it deletes the person's data, for good. Of a request for access or portability it
    mails a link to the package of `clausewise export`, where PUBLIC_URL is set.
    """

    async def change(app: "App") -> "Case | Rejected":
        from bot.export_links import HANDED_OUT

        closed = await app.cases.done(case, staff, remark)
        unsent = getattr(closed, "right", None) in HANDED_OUT and not app.settings.public_url
        if unsent:
            note(
                "No link was mailed, because PUBLIC_URL is not set. Hand the package over yourself: "
                f"clausewise export {case} --out FILE"
            )
        return closed

    _change(case, staff, change, as_json)


def _change(
    case: str, staff: str, change: Callable[["App"], Awaitable["Case | Rejected"]], as_json: bool
) -> None:
    """Change a case and print how it stands now."""
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            changed = await change(app)
        accepted = _accepted(changed, staff, case)
        if as_json:
            print_json(_json(accepted))
        else:
            typer.echo(_line(accepted))

    run(work)


def _accepted(outcome: "Result | Rejected", staff: str, case: str) -> "Result":
    """Return what was done, or end the command with what to do instead."""
    from actions.model import Rejected

    if isinstance(outcome, Rejected):
        fail(CASE_REMEDIES[outcome.rule].format(staff=staff, local=LOCAL, case=case, action=case))
    return outcome


def _line(case: "Case") -> str:
    """One line; a closed case has no day any more."""
    stands = f"{case.reference}  {case.right:<16} "
    if case.status != "open":
        return f"{stands}{case.status}"
    left = f"in {case.days_left} days" if case.days_left >= 0 else f"OVERDUE by {-case.days_left} days"
    marks = [mark for mark, is_so in (("extended", case.is_extended), ("paused", case.paused_at)) if is_so]
    received = f"received {case.received_at:%Y-%m-%d %H:%M} UTC"
    return "  ".join([f"{stands}due {case.due_on} ({left})", received, *marks])


def _json(case: "Case") -> dict[str, Any]:
    return {
        "reference": case.reference,
        "right": str(case.right),
        "status": case.status,
        "received_at": case.received_at.isoformat(),
        "first_due_on": case.first_due_on.isoformat(),
        "due_on": case.due_on.isoformat(),
        "days_left": case.days_left,
        "extended": case.is_extended,
        "paused_at": case.paused_at.isoformat() if case.paused_at else None,
        "closed_at": case.closed_at.isoformat() if case.closed_at else None,
    }


def _opened_text(found: "OpenedCase") -> str:
    asker = found.opened.asker
    who = ", ".join(filter(None, (asker.name, asker.email, asker.role, asker.company, asker.language)))
    lines = [_line(found.case), f"Asked by {asker.pseudonym} ({who})"]
    if found.reason:
        lines.append(f"Extended from {found.case.first_due_on}. The reason: {found.reason}")
    if found.note:
        lines.append(f"Note: {found.note}")
    events = (
        f"{event.seq:>6}  {event.at:%Y-%m-%d %H:%M:%S}  {event.actor:<14} {event.rule or event.step or ''}"
        for event in found.opened.history
    )
    return "\n".join([*lines, "", "History", *events])


def _opened_json(found: "OpenedCase") -> dict[str, Any]:
    from dataclasses import asdict

    return {
        **_json(found.case),
        "extension_reason": found.reason,
        "note": found.note,
        "asker": asdict(found.opened.asker),
        "history": [{**asdict(event), "at": event.at.isoformat()} for event in found.opened.history],
    }
