"""`clausewise poll` and `clausewise serve`: the doors besides the terminal."""

from bot.commands.running import note, run, settings


def poll() -> None:
    """Answer customers in Telegram by long polling, until Ctrl-C.

    Needs TELEGRAM_BOT_TOKEN (from BotFather) and nothing else: no address, no certificate.
    """
    from bot.app import open_app
    from bot.channels.telegram import poll as poll_telegram

    async def work() -> int:
        async with open_app(settings(), serving=True) as app:
            await poll_telegram(app, announce=note)
        return 0

    run(work)


def serve() -> None:
    """Take messages over HTTP, until Ctrl-C.

    A signed POST /api/v1/messages (API_SECRETS), and Telegram's webhook where TELEGRAM_BOT_TOKEN,
    TELEGRAM_WEBHOOK_SECRET and PUBLIC_URL are set. It listens on HOST and PORT; docs/http.md has the rest.
    """
    from bot.app import open_app
    from bot.channels.http import serve as serve_http

    async def work() -> int:
        async with open_app(settings(), serving=True) as app:
            await serve_http(app, announce=note)
        return 0

    run(work)
