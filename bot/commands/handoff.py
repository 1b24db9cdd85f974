"""`clausewise handoff`: the first desk, for agents at a terminal."""

import getpass
from dataclasses import asdict
from typing import Annotated

import typer

from bot.commands.handed import case_json, print_case
from bot.commands.running import AsJson, print_json, run, settings

commands = typer.Typer(no_args_is_help=True, help="Take over conversations that wait for a person.")

Conversation = Annotated[str, typer.Argument(help="The conversation's id, or the beginning of it.")]


def _me() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "agent"


Name = Annotated[
    str,
    typer.Option(
        "--as",
        help="Your name: the action log keeps it, and customers read it where you write to them.",
        envvar="CLAUSEWISE_AGENT",
        default_factory=_me,
        show_default="your login name",
    ),
]


@commands.command("list")
def list_waiting(name: Name, as_json: AsJson = False) -> None:
    """Show who waits for a person, and who is with one.

    What they wrote is shown too, so the action log notes that you opened it.
    """
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            cases = await app.handoff.waiting()
            if cases:
                await app.actions.opened(name, [case.email for case in cases])
        if as_json:
            print_json([case_json(case) for case in cases])
            return
        if not cases:
            typer.echo("Nobody is waiting.")
        for case in cases:
            print_case(case)

    run(work)


@commands.command()
def take(conversation: Conversation, name: Name, as_json: AsJson = False) -> None:
    """Hold a conversation: the bot is silent in it until you give it back.

    The customer sees your name. Only one person can hold a conversation.
    """
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            case = await app.handoff.take(conversation, name)
            await app.actions.opened(name, [case.email])
        if as_json:
            print_json(case_json(case))
        else:
            print_case(case)

    run(work)


@commands.command()
def reply(
    conversation: Conversation,
    text: Annotated[
        str, typer.Argument(help="What the customer will read; one argument, so put it in quotes.")
    ],
    name: Name,
) -> None:
    """Write to the customer of a conversation that you hold.

    Example: clausewise handoff reply 3f2a "I have looked at your invoice." --as Eva
    """
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            await app.handoff.reply(conversation, name, text)
        typer.echo("Sent: the customer sees it with your name.")

    run(work)


@commands.command()
def back(conversation: Conversation, name: Name) -> None:
    """Give a conversation back to the bot."""
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            await app.handoff.back(conversation, name)
        typer.echo("The assistant answers in this conversation again.")

    run(work)


@commands.command()
def give(
    conversation: Conversation,
    colleague: Annotated[str, typer.Argument(help="Who gets it; one of STAFF.")],
    name: Name,
) -> None:
    """Hand a conversation that you hold over to a colleague.

    The customer is told who writes now.
    """
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            await app.handoff.give(conversation, name, colleague)
        typer.echo(f"{colleague} holds this conversation now.")

    run(work)


@commands.command()
def close(conversation: Conversation, name: Name) -> None:
    """End a conversation that you hold.

    The customer is asked for a rating, and the assistant answers again.
    """
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            await app.handoff.close(conversation, name)
        typer.echo("Closed: the customer is asked for a rating.")

    run(work)


@commands.command()
def note(
    conversation: Conversation,
    text: Annotated[
        str, typer.Argument(help="What colleagues should know; one argument, so put it in quotes.")
    ],
    name: Name,
) -> None:
    """Leave a note for colleagues, who see it with the conversation.

    The customer does not see it in the chat; who asks for their data gets it too.
    """
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            await app.handoff.note(conversation, name, text)
        typer.echo("Noted: only your colleagues see it.")

    run(work)


@commands.command()
def canned(
    name: Name,
    reply: Annotated[str | None, typer.Argument(help="Which one; without it, all are listed.")] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="Write it in this conversation that you hold.")
    ] = None,
    language: Annotated[str, typer.Option(help="The language to show it in.")] = "en",
) -> None:
    """Show the replies of CANNED_FILE, or send one."""
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            if reply is None:
                typer.echo("\n".join(app.handoff.canned_names()) or "There are none: CANNED_FILE is not set.")
            elif to is None:
                typer.echo(app.handoff.canned(reply, language))
            else:
                typer.echo(f"Sent: {await app.handoff.reply_canned(to, name, reply)}")

    run(work)


@commands.command()
def ratings(as_json: AsJson = False) -> None:
    """Show what customers say of each member of staff, on average, from 1 to 5."""
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            found = await app.handoff.ratings()
        if as_json:
            print_json([asdict(one) for one in found])
            return
        for one in found:
            typer.echo(f"{one.average:.2f}  {one.count:>4}  {one.staff}")
        if not found:
            typer.echo("Nobody has rated yet.")

    run(work)


@commands.command()
def events(
    conversation: Annotated[str | None, typer.Argument(help="The conversation; without it, all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what became of handed-over conversations: when, what, why and by whom."""
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            found = await app.handoff.events(conversation_id=conversation)
        if as_json:
            print_json([{**asdict(one), "at": one.at.isoformat()} for one in found])
            return
        if not found:
            typer.echo("There are no such events.")
        for one in found:
            what = " ".join(str(part) for part in (one.kind, one.reason, one.stars, one.staff) if part)
            by = f" (by {one.given_by})" if one.given_by else ""
            typer.echo(f"{one.at:%Y-%m-%d %H:%M:%S} UTC  {one.conversation_id[:8]}  {what}{by}")

    run(work)
