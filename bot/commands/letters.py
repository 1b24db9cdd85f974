"""`clausewise letters` and `clausewise tasks`: what went wrong on the way, and what waits for staff."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.actions import LOCAL, Staff
from bot.commands.running import AsJson, note, print_json, run, settings

if TYPE_CHECKING:
    from bot.app import App
    from bot.letters import Letter, Letters
    from bot.tasks import Task, Tasks

letters = typer.Typer(no_args_is_help=True, help="See which messages failed; send them again or drop them.")
tasks = typer.Typer(no_args_is_help=True, help="See what waits for staff, and cross it off.")

Named = Annotated[str, typer.Argument(metavar="ID", help="Its id, or the beginning of it, as listed.")]


@letters.command("list")
def list_letters(as_json: AsJson = False) -> None:
    """Show replies that never arrived and messages that nobody answered, the oldest first.

    What was written in them is not shown; `letters show` does. With --json, one object a line.
    """
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            found, now = await _letters(app).listed(), app.clock.now()
        if not found:
            note("no letter is dead")
        for letter in found:
            if as_json:
                print_json(_json(letter))
            else:
                typer.echo(_letter_line(letter, now))

    run(work)


@letters.command()
def show(letter: Named, staff: Staff = LOCAL, as_json: AsJson = False) -> None:
    """Open one, with its words. The action log notes that you opened it."""
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            opened, now = await _letters(app).show(letter, staff), app.clock.now()
        if as_json:
            print_json({**_json(opened.letter), "text": opened.text})
        else:
            typer.echo(f"{_letter_line(opened.letter, now)}\n\n{opened.text}")

    run(work)


@letters.command()
def resend(letter: Named, staff: Staff = LOCAL) -> None:
    """Let it be tried again, in its place among what still waits.

    A running `serve` or `poll` does so within seconds. The action log notes who asked for it.
    """
    _settle(letter, staff, again=True)


@letters.command()
def drop(letter: Named, staff: Staff = LOCAL) -> None:
    """Take it off the list and leave it as it is. The action log notes who did."""
    _settle(letter, staff, again=False)


@tasks.command("list")
def list_tasks(as_json: AsJson = False) -> None:
    """Show what waits for staff, the oldest first, each with what to do.

    With --json, one object a line.
    """
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            found, now = await _tasks(app).listed(), app.clock.now()
        if not found:
            note("nothing waits for staff")
        for task in found:
            if as_json:
                print_json(_json(task))
            else:
                typer.echo(_task_line(task, now))

    run(work)


@tasks.command()
def done(task: Named, staff: Staff = LOCAL) -> None:
    """Cross a task off. The action log notes who did."""
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            crossed = await _tasks(app).done(task, staff)
        typer.echo(f"Done: {crossed.topic} {crossed.reference}".rstrip())

    run(work)


def _settle(letter: str, staff: str, *, again: bool) -> None:
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            box = _letters(app)
            found = await (box.resend if again else box.drop)(letter, staff)
        typer.echo(f"{'Will be tried again' if again else 'Dropped'}: {found.letter_id[:8]}")

    run(work)


def _letters(app: "App") -> "Letters":
    from bot.letters import Letters

    return Letters(app.database, app.clock, app.seal, app.settings.staff or (LOCAL,))


def _tasks(app: "App") -> "Tasks":
    from bot.tasks import Tasks

    return Tasks(app.database, app.clock, app.seal, app.settings.staff or (LOCAL,))


def _letter_line(letter: "Letter", now: datetime) -> str:
    way = "not answered" if letter.direction == "in" else "not delivered"
    blocked = "  (blocked)" if letter.is_blocked else ""
    place = f"{letter.channel} {letter.chat_id}"
    return f"{letter.letter_id[:8]}  {_age(letter.since, now):>7}  {way}  {place}{blocked}  {letter.reason}"


def _task_line(task: "Task", now: datetime) -> str:
    return (
        f"{task.task_id[:8]}  {_age(task.since, now):>7}  {task.topic}  {task.reference}\n    {task.remedy}"
    )


def _age(since: datetime, now: datetime) -> str:
    minutes = int((now - since).total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def _json(found: Any) -> dict[str, Any]:
    return {**asdict(found), "since": found.since.isoformat()}
