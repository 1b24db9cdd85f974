"""`python -m tests.bot_api --port N`: the fake until it is interrupted; its address is printed first."""

import argparse
import asyncio
import signal
import time

from tests.bot_api.control import ControlledBotApi
from tests.bot_api.limits import Limits
from tests.bot_api.model import TOKEN


async def serve(port: int, token: str, *, limited: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    limits = Limits() if limited else None
    api = ControlledBotApi(token=token, now=time.time, limits=limits, port=port)
    async with api, api.pushing():
        print(api.url, flush=True)
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bot_api", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--limits", action="store_true", help="enforce Telegram's limits of sending")
    given = parser.parse_args()
    asyncio.run(serve(given.port, given.token, limited=given.limits))


if __name__ == "__main__":
    main()
