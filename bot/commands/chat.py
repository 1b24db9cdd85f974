"""`clausewise chat`: the conversation in this terminal, for a person or, with --jsonl, for a program."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from bot.commands.running import run, settings

if TYPE_CHECKING:
    from bot.app import App
    from bot.channels.terminal_session import TerminalSession
    from bot.config import Settings


def chat(
    conversation: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Resume the conversation of this name, or begin it.",
            show_default="a new one",
        ),
    ] = None,
    as_email: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="EMAIL",
            help="Be this customer, as if the channel vouched for it; only on a store that `demo` made.",
        ),
    ] = None,
    demo: Annotated[
        bool,
        typer.Option("--demo", help="First fill an empty store with the customers that `demo` lists."),
    ] = False,
    jsonl: Annotated[
        bool,
        typer.Option(
            "--jsonl",
            help="For programs: read and print exactly one JSON object a line (docs/conversation.md).",
        ),
    ] = False,
) -> None:
    """Talk to the assistant in this terminal.

    /help says what it can do, /quit leaves. Mail goes to files under DATA_DIR/outbox.
    """

    async def work() -> int:
        chosen = settings()
        async with AsyncExitStack() as stack:
            opening = _open(stack, chosen, conversation or uuid4().hex[:8], as_email, demo)
            if jsonl:
                from bot.channels.terminal_jsonl import converse

                return await converse(opening)
            if demo:
                typer.echo(
                    "To try the actions, be one of the invented customers that `clausewise demo` lists."
                )
            from bot.channels.terminal import chat as talk
            from bot.messages import Messages

            history = chosen.data_dir / "chat-history"
            return await talk(opening, phrases=Messages(), language=chosen.default_language, history=history)

    run(work)


async def _open(
    stack: AsyncExitStack, chosen: "Settings", name: str, as_email: str | None, demo: bool
) -> "TerminalSession":
    """Open the application. Its modules load in a thread, so that the prompt does not wait for them."""
    import asyncio
    from importlib import import_module

    await asyncio.to_thread(import_module, "bot.app")
    from bot.app import open_app
    from bot.profile import terminal_session

    app = await stack.enter_async_context(open_app(chosen, serving=True))
    if demo:
        await fill_demo(app)
    return await terminal_session(app, name, as_email)


async def fill_demo(app: "App") -> None:
    """A store that holds other data stays as it is: the chat works on it all the same."""
    from contextlib import suppress

    from actions.store.demo import DemoRefused, fill

    with suppress(DemoRefused):
        await fill(app.database, app.clock)
