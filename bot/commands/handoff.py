"""`clausewise handoff`: the first desk, for agents at a terminal."""

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.running import AsJson, print_json, run, settings

if TYPE_CHECKING:
    from bot.handoff import Case

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
        help="Your name, as the customer will see it.",
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
            print_json([_as_json(case) for case in cases])
            return
        if not cases:
            typer.echo("Nobody is waiting.")
        for case in cases:
            _print(case)

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
            print_json(_as_json(case))
        else:
            _print(case)

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


def _print(case: "Case") -> None:
    who = f"  {case.email}" if case.email else ""
    holder = f"with {case.held_by}" if case.held_by else "waiting"
    since = f" since {case.queued_at:%Y-%m-%d %H:%M} UTC" if case.queued_at else ""
    typer.echo(f"{case.conversation_id[:8]}  {holder}{since}  {case.channel}, {case.language}{who}")
    for line in case.lines:
        typer.echo(f"    {line.author}: {' '.join(line.text.split())[:200]}")


def _as_json(case: "Case") -> dict[str, object]:
    return {
        "conversation": case.conversation_id,
        "channel": case.channel,
        "language": case.language,
        "state": str(case.state),
        "email": case.email,
        "held_by": case.held_by,
        "queued_at": case.queued_at.isoformat() if case.queued_at else None,
        "messages": [
            {"author": line.author, "text": line.text, "at": line.at.isoformat()} for line in case.lines
        ],
    }
