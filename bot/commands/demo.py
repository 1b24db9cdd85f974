"""`clausewise demo`: accounts to try everything on."""

from typing import Annotated

import typer

from bot.commands.running import AsJson, note, print_json, run, settings


def demo(
    if_empty: Annotated[
        bool,
        typer.Option("--if-empty", help="Do nothing, and say nothing, where the store already holds data."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fill an empty store with invented customers in five languages, and list them.

    The store is marked as a demo. Again, it only lists them. A store that holds other data is left alone,
    and the exit status is then 1.
    """
    from actions.store.demo import DemoRefused, fill
    from bot.app import open_app

    async def work() -> int:
        async with open_app(settings()) as app:
            try:
                summary = await fill(app.database, app.clock)
            except DemoRefused as refused:
                if not if_empty:
                    note(f"clausewise: {refused}")
                return 0 if if_empty else 1
        if as_json:
            print_json([person.as_json() for person in summary.people])
            return 0
        if if_empty and not summary.created:
            return 0
        typer.echo("Demo store ready. Be one of these with: clausewise chat --as EMAIL")
        for person in summary.people:
            typer.echo(f"  {person.email:<34} {person.language}  {person.role:<6} {person.about}")
        typer.echo("Without --as, the chat asks for the address and sends a code to a file that it names.")
        return 0

    run(work)
