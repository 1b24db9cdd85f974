"""`clausewise actions`: what customers asked for, and the decisions that are left to staff."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bot.commands.opened import approvals_json, listed_json, opened_json, opened_text, receipt_json
from bot.commands.running import AsJson, fail, note, print_json, run, settings

if TYPE_CHECKING:
    from actions.access import Listed
    from actions.model import Receipt, Rejected
    from bot.app import App

Result = TypeVar("Result")

commands = typer.Typer(no_args_is_help=True, help="Read what customers asked for; approve or refuse it.")

Named = Annotated[str, typer.Argument(metavar="ID", help="The action's id, or its reference number.")]
Staff = Annotated[str, typer.Option("--as", metavar="STAFF", help="Your id, one of those in STAFF.")]

LOCAL = "local"
REMEDIES = {
    "unknown-action": "there is no such request; see: clausewise actions list",
    "not-staff": "{staff!r} may not act here. Say who you are with --as; the setting STAFF lists who may "
    "(when it is empty, only {local!r})",
    "own-request": "nobody decides on their own request; another member of staff has to",
    "not-awaiting-approval": "this request does not wait for staff; see: clausewise actions show {action}",
    "too-few-staff": "two members of staff must approve this request, and the setting STAFF names fewer, not "
    "counting the one who asked: it can never pass like this. Add who else may approve to STAFF, such as "
    "STAFF=eva@example.com,tomas@example.com",
    "not-outcome-unknown": "it is known what became of this request; see: clausewise actions show {action}",
    "numbers-wrong": "give the numbers that the correction has there, which no other has here: "
    "--credit-note NUMBER --invoice NUMBER",
    "reason-missing": "a refusal needs a reason, which the customer will read: --reason TEXT",
}


@commands.command("list")
def list_actions(
    waiting: Annotated[
        bool, typer.Option("--waiting", help="Only what waits for staff, the longest wait first.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what was asked for, without anything of the customers.

    Without --waiting, the 50 newest requests.
    """
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            found = await app.actions.listed(waiting=waiting)
        if as_json:
            print_json([listed_json(listed) for listed in found])
            return
        if not found:
            note("nothing waits for staff" if waiting else "nothing was asked for yet")
        for listed in found:
            typer.echo(_listed_line(listed))

    run(work)


@commands.command()
def show(action: Named, staff: Staff = LOCAL, as_json: AsJson = False) -> None:
    """Open one request: who asked, the plan and its clauses, approvals, history.

    The action log notes that you opened it.
    """

    async def work() -> None:
        from bot.app import open_app

        async with open_app(settings()) as app:
            opened = _accepted(await app.actions.show(action, staff), staff, action)
            text = "" if as_json else await opened_text(app, opened)
        if as_json:
            print_json(opened_json(opened))
        else:
            typer.echo(text)

    run(work)


@commands.command()
def approve(action: Named, staff: Staff, as_json: AsJson = False) -> None:
    """Let a request pass that waits for staff.

    Where two must approve it, the first approval leaves it waiting. Nobody approves their own request.
    """

    async def decide(app: "App") -> "Receipt | Rejected":
        return await app.actions.approve(action, staff)

    _decide(action, staff, decide, as_json)


@commands.command()
def refuse(
    action: Named,
    staff: Staff,
    reason: Annotated[str, typer.Option(help="Why; the customer reads it word for word.")],
    as_json: AsJson = False,
) -> None:
    """Refuse a request that waits for staff, or an open data-protection case.

    The customer gets your reason and, in a data-protection case, reads of the right to complain.

    Example: clausewise actions refuse CW-7KXM-2Q9F --as eva@example.com --reason "An invoice is open."
    """

    async def decide(app: "App") -> "Receipt | Rejected":
        return await app.actions.refuse(action, staff, reason)

    _decide(action, staff, decide, as_json)


@commands.command()
def settle(
    action: Named,
    staff: Staff,
    is_done: Annotated[bool, typer.Option("--done/--failed", help="Whether the effect stands there.")],
    credit_note: Annotated[str, typer.Option(help="With --done: the credit note's number there.")] = "",
    invoice: Annotated[str, typer.Option(help="With --done: the corrected invoice's number there.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say what became of a request whose outcome is unknown, after looking in the company's system.

    Nothing is tried again. A corrected invoice needs both numbers.

    Example: clausewise actions settle CW-7KXM-2Q9F --done --as eva@example.com
    """
    told = {"credit_note": credit_note.strip(), "invoice": invoice.strip()}

    async def decide(app: "App") -> "Receipt | Rejected":
        return await app.actions.settle(action, staff, is_done=is_done, told=told)

    _decide(action, staff, decide, as_json)


def _decide(
    action: str, staff: str, decide: Callable[["App"], Awaitable["Receipt | Rejected"]], as_json: bool
) -> None:
    """Decide, print where the action stands now, and how many approvals it still takes."""
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            receipt = _accepted(await decide(app), staff, action)
            waiting = {listed.receipt.action_id: listed for listed in await app.actions.listed(waiting=True)}
        left = waiting.get(receipt.action_id)
        if as_json:
            print_json({**receipt_json(receipt), **({"approvals": approvals_json(left)} if left else {})})
        elif left:
            given = f"{len(left.approvers)} of {left.needed} approvals"
            typer.echo(f"{receipt.reference}  {given}: another member of staff must approve it too.")
        else:
            typer.echo(f"{receipt.reference}  {receipt.step}  The customer is told.")

    run(work)


def _accepted(outcome: "Result | Rejected", staff: str, action: str) -> "Result":
    """Return what was done, or end the command with what to do instead."""
    from actions.model import Rejected

    if isinstance(outcome, Rejected):
        remedy = REMEDIES.get(outcome.rule, outcome.rule)
        fail(remedy.format(staff=staff, local=LOCAL, action=action))
    return outcome


def _listed_line(listed: "Listed") -> str:
    receipt = listed.receipt
    approvals = ""
    if receipt.step == "AWAITING_APPROVAL":
        approvals = f"  {len(listed.approvers)} of {listed.needed} approvals"
    asked = f"{listed.confirmed_at or listed.proposed_at:%Y-%m-%d %H:%M} UTC"
    return f"{receipt.reference}  {receipt.kind:<18} {receipt.step:<21} {asked}{approvals}"
