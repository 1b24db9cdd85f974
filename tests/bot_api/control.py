"""The fake as a process of its own: what a test does with it in Python, another process does by HTTP."""

import asyncio
import random
import statistics
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from tests.bot_api.limits import Limits
from tests.bot_api.model import Fault, Json
from tests.bot_api.server import FakeBotApi

FIRST_USER = 10_000


class ControlledBotApi(FakeBotApi):
    """POST /control/offer, act, group, fail, limits; GET /control/stats, sent?chat=N."""

    def extend(self, app: web.Application) -> None:
        self._offering: asyncio.Task[None] | None = None
        app.router.add_post("/control/offer", self._offer)
        app.router.add_post("/control/act", self._act)
        app.router.add_post("/control/group", self._group)
        app.router.add_post("/control/fail", self._fail)
        app.router.add_post("/control/limits", self._limit)
        app.router.add_get("/control/stats", self._stats)
        app.router.add_get("/control/sent", self._sent)

    async def _offer(self, request: web.Request) -> web.Response:
        """{"count", "chats", "rate": per second (0 = at once), "duplicates": share, "shuffle", "seed"}."""
        if self._offering is not None and not self._offering.done():
            return web.json_response({"error": "an offer is under way"}, status=409)
        self._offering = asyncio.create_task(self.offer(**await request.json()))
        return web.json_response({"started": True})

    async def offer(
        self,
        count: int,
        *,
        chats: int = 1,
        rate: float = 0.0,
        duplicates: float = 0.0,
        shuffle: bool = False,
        seed: int = 0,
        text: str = "message {n}",
    ) -> None:
        """Offer messages at a rate; `{n}` in the text counts within a chat, from 0.
        A duplicate is the same message under another update number."""
        chance = random.Random(seed)
        planned = [(FIRST_USER + n % chats, n // chats) for n in range(count)]
        written = [self._written(chat, text.format(n=n)) for chat, n in planned]
        written = [copy for content in written for copy in [content] * (1 + (chance.random() < duplicates))]
        if shuffle:
            chance.shuffle(written)
        begun = self.clock()
        for sequence, content in enumerate(written):
            due = begun + sequence / rate if rate else begun
            if due > self.clock():
                await asyncio.sleep(due - self.clock())
            self.happens(content)

    def _written(self, chat: int, text: str) -> Json:
        place = self.private(chat)
        data = self.message(place, {"from": self.user(chat), "text": text})
        self.keep(place, data, outgoing=False)
        return {"message": data}

    async def _act(self, request: web.Request) -> web.Response:
        """{"name": an act of `Acts`, "args": [...], "with": {...}}; the update comes back."""
        asked = await request.json()
        name = str(asked["name"])
        if not name.startswith(("user_", "staff_", "group_", "migrate", "again")):
            return web.json_response({"error": f"no act {name}"}, status=404)
        act: Callable[..., Awaitable[Any] | Any] = getattr(self, name)
        try:
            done = act(*asked.get("args", []), **asked.get("with", {}))
            result = await done if isinstance(done, Awaitable) else done
        except (AssertionError, TypeError, LookupError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(result)

    async def _group(self, request: web.Request) -> web.Response:
        """{"number", "title", "forum", "admin", "members": {user: status}}."""
        asked = await request.json()
        members = asked.pop("members", {})
        chat = self.group(**asked)
        chat.members = {int(user): str(status) for user, status in members.items()}
        return web.json_response(chat.short)

    async def _fail(self, request: web.Request) -> web.Response:
        """{"method", "faults": [{"status", ...} or null]}."""
        asked = await request.json()
        self.fail(asked["method"], *(fault and Fault(**fault) for fault in asked["faults"]))
        return web.json_response({"faults": len(asked["faults"])})

    async def _limit(self, request: web.Request) -> web.Response:
        """{"on": bool}: Telegram's own numbers."""
        self.limits = Limits(self.clock) if (await request.json())["on"] else None
        return web.json_response({"on": self.limits is not None})

    async def _stats(self, _request: web.Request) -> web.Response:
        return web.json_response(self.stats())

    def stats(self) -> Json:
        """Counts, and milliseconds from offer to acknowledgement."""
        sent = {chat: len(messages) for chat in self.chats if (messages := self.sent(chat))}
        return {
            "offering": self._offering is not None and not self._offering.done(),
            "offered": self.updates.offered,
            "pending": self.updates.pending,
            "acknowledged": len(self.updates.acknowledged_after),
            "acknowledged_ms": percentiles(self.updates.acknowledged_after),
            "sent": sum(sent.values()),
            "chats_answered": len(sent),
            "calls": Counter(method for method, _form in self.calls),
            "refused_429": 0 if self.limits is None else self.limits.refused,
        }

    async def _sent(self, request: web.Request) -> web.Response:
        shown = [asdict(message) for message in self.sent(int(request.query["chat"]))]
        for message in shown:
            message["document"] = None if message["document"] is None else len(message["document"])
        return web.json_response(shown)


def percentiles(seconds: list[float]) -> Json:
    """Milliseconds; empty with fewer than two measurements."""
    if len(seconds) < 2:
        return {}
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    found = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "max": max(seconds)}
    return {name: round(value * 1000, 1) for name, value in found.items()}
