"""`clausewise policies`: the figures that actions rest on, and the clauses behind them."""

import shutil
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.actions import LOCAL, REMEDIES, Staff
from bot.commands.running import AsJson, fail, print_json, run, settings

if TYPE_CHECKING:
    from actions.wordings import Difference, FigureReport

commands = typer.Typer(
    no_args_is_help=True, help="Compare the figures of actions with the clauses that promise them."
)

NOWHERE = "(no such clause)"


@commands.command()
def check(as_json: AsJson = False) -> None:
    """Show every figure, its value and its clause, and whether the clause was changed since.

    A figure that needs review is held: the actions that use it go to staff, until somebody has compared the
    accepted text with the new one and said `clausewise policies confirm`. The exit status is then 1.
    """
    from bot.app import open_app

    async def work() -> int:
        async with open_app(settings()) as app:
            reports = await app.bindings.check()
        if as_json:
            print_json([_as_json(report) for report in reports])
        else:
            _print(reports)
        return 1 if any(report.is_held for report in reports) else 0

    run(work)


@commands.command()
def confirm(
    figure: Annotated[str, typer.Argument(help="The figure's name, as `policies check` shows it.")],
    staff: Staff,
    value: Annotated[
        int | None,
        typer.Option(metavar="N", help="What the clause says now; counts in place of the file's."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Accept a figure's clause as it is now, with the figure as it was or with another value.

    Actions that use the figure are no longer held. What was confirmed before goes on as it was promised.

    Example: clausewise policies confirm correction_window --value 20 --as local
    """
    from actions.errors import PolicyError
    from actions.model import Rejected
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            try:
                settled = await app.bindings.confirm(figure, staff, value)
            except PolicyError as error:
                fail(str(error), 2)
        if isinstance(settled, Rejected):
            fail(REMEDIES[settled.rule].format(staff=staff, local=LOCAL))
        report = settled.report
        if as_json:
            print_json({**_as_json(report), "rule": settled.rule})
            return
        said = f"{report.name} is {report.figure.value} {report.figure.unit}"
        if settled.rule is None:
            typer.echo(f"Nothing to confirm: {said}, and its clause is as it was accepted.")
        else:
            typer.echo(f"{settled.rule.capitalize()}: {said}. Actions that use it are no longer held.")

    run(work)


def _print(reports: "list[FigureReport]") -> None:
    rows = [("figure", "value", "clause", "state")]
    rows += [(r.name, _value(r), r.figure.clause or "-", _state(r)) for r in reports]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        typer.echo("  ".join([*cells, row[3]]).rstrip())
    for report in reports:
        for difference in report.differences:
            _print_difference(report, difference)


def _print_difference(report: "FigureReport", difference: "Difference") -> None:
    from bot.comparing import side_by_side

    typer.echo(f"\n{report.name}: {report.figure.clause} [{difference.language}] in {difference.document}")
    width = shutil.get_terminal_size((100, 24)).columns
    old, new = difference.old or NOWHERE, difference.new or NOWHERE
    for line in side_by_side(old, new, width=width, heads=("accepted", "now")):
        typer.echo(line)


def _value(report: "FigureReport") -> str:
    value = f"{report.figure.value} {report.figure.unit}"
    return value if report.figure.value == report.written else f"{value} (policies.toml: {report.written})"


def _state(report: "FigureReport") -> str:
    return f"{report.state}, held" if report.is_held else report.state


def _as_json(report: "FigureReport") -> dict[str, Any]:
    from bot.comparing import differences

    return {
        "figure": report.name,
        "value": report.figure.value,
        "unit": report.figure.unit,
        "written": report.written,
        "clause": report.figure.clause,
        "state": report.state,
        "held": report.is_held,
        "reviews": [
            {
                "language": each.language,
                "document": each.document,
                "old": each.old,
                "new": each.new,
                "difference": [
                    {"what": what, "old": old, "new": new}
                    for what, old, new in differences(each.old or "", each.new or "")
                ],
            }
            for each in report.differences
        ],
    }
