"""A bare aiogram bot that says what it hears, by webhook: what the product's turns are measured against."""

import asyncio
import os
import signal
import sys

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web


async def _echo(message: Message) -> None:
    await message.answer(message.text or "")


async def _ready(_request: web.Request) -> web.Response:
    return web.Response(text="ready")


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    session = AiohttpSession(api=TelegramAPIServer.from_base(os.environ["TELEGRAM_API_URL"]))
    bot, dispatcher, app = (
        Bot(os.environ["TELEGRAM_BOT_TOKEN"], session=session),
        Dispatcher(),
        web.Application(),
    )
    dispatcher.message.register(_echo)
    app.router.add_get("/readyz", _ready)
    secret = os.environ["TELEGRAM_WEBHOOK_SECRET"]
    SimpleRequestHandler(dispatcher, bot, secret_token=secret).register(app, path="/telegram/webhook")
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", file=sys.stderr, flush=True)
    await stop.wait()
    await runner.cleanup()
    await bot.session.close()


if __name__ == "__main__":
    asyncio.run(main())
