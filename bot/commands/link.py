"""`clausewise link`: a deep link for a member, as the company's site mints it."""

from typing import Annotated

import typer

from bot.commands.running import AsJson, print_json, run, settings
from bot.config import LINK_MINUTES, MOST_LINK_MINUTES


def link(
    email: Annotated[str, typer.Argument(help="The address of a member of an account.")],
    minutes: Annotated[
        int, typer.Option(min=1, max=MOST_LINK_MINUTES, help="How long the link can be used.")
    ] = LINK_MINUTES,
    as_json: AsJson = False,
) -> None:
    """Make a single-use link that connects a conversation with a member.

    Give it only to that member, signed in at your own site: whoever opens it first is taken for them. It
    connects, and proves less than a code by e-mail does.
    """
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            made = await app.links.mint(email, minutes)
        if as_json:
            print_json(made.to_json())
            return
        if made.url:
            typer.echo(made.url)
        typer.echo(f"/start {made.token}")
        typer.echo(f"Works once, until {made.expires_at:%Y-%m-%d %H:%M} UTC.")

    run(work)
