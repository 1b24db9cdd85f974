"""A fake Telegram that pushes updates, with Telegram's own limits of sending."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import time

from tests.bot_api import FakeBotApi, Limits


@asynccontextmanager
async def telegram(*, limited: bool = True, in_order: bool = True) -> AsyncIterator[FakeBotApi]:
    limits = Limits() if limited else None
    async with FakeBotApi(now=time, limits=limits) as api, api.pushing(in_order=in_order):
        yield api
