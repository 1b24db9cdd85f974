"""`clausewise poll` and `clausewise serve`: the doors besides the terminal."""

from typing import Annotated

import typer

from bot.commands.running import note, run, settings


def poll() -> None:
    """Answer customers in Telegram by long polling, until Ctrl-C.

    Needs TELEGRAM_BOT_TOKEN (from BotFather) and nothing else: no address, no certificate.
    """
    from bot.app import open_app
    from bot.channels.telegram import poll as poll_telegram

    async def work() -> int:
        async with open_app(settings(), serving=True) as app:
            await poll_telegram(
                app, announce=lambda name: note(f"@{name} answers in Telegram; Ctrl-C ends it.")
            )
        return 0

    run(work)


def serve(
    demo: Annotated[
        bool,
        typer.Option("--demo", help="First fill an empty store with the customers that `demo` lists."),
    ] = False,
) -> None:
    """Serve the web chat and take messages over HTTP, until Ctrl-C.

    The web chat is the page at the address that is printed (docs/web-chat.md). Besides it: the signed API
    under /api/v1 (API_SECRETS), and Telegram's webhook where TELEGRAM_BOT_TOKEN, TELEGRAM_WEBHOOK_SECRET
    and PUBLIC_URL are set. It listens on HOST and PORT; docs/http.md has the rest.
    """
    from bot.app import open_app
    from bot.channels.http import serve as serve_http
    from bot.commands.chat import fill_demo

    async def work() -> int:
        async with open_app(settings(), serving=True) as app:
            if demo:
                await fill_demo(app)
                note("To try the actions, give the address of a customer that `clausewise demo` lists.")
                note(f"Codes are mailed: with no SMTP_URL each mail is a file in {app.settings.outbox_dir}")
            # The address comes last, and only once it is listened on.
            first = "Open this address in a browser:\n" if demo else ""
            await serve_http(app, announce=lambda address: note(first + address))
        return 0

    run(work)
