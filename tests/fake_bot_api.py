"""A Bot API that is a real HTTP server on this machine: what a bot may send is checked as Telegram does."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

TOKEN = "4242:AAfaketokenfaketokenfaketokenfaketok"
LIMIT = 4096
Form = dict[str, str]


@dataclass(frozen=True)
class Fault:
    """What the next call of a method answers instead. With `delivered` the call takes effect all the same;
    status 0 drops the connection."""

    status: int
    description: str = "fault"
    retry_after: int | None = None
    delivered: bool = False


@dataclass(frozen=True)
class Sent:
    """A message as the customer's phone has it."""

    message_id: int
    text: str
    entities: list[dict[str, Any]]
    buttons: list[tuple[str, str]]

    def marked(self, kind: str) -> list[str]:
        """The stretches of text that an entity of this kind covers, cut by UTF-16 units."""
        raw = self.text.encode("utf-16-le")
        return [
            raw[entity["offset"] * 2 : (entity["offset"] + entity["length"]) * 2].decode("utf-16-le")
            for entity in self.entities
            if entity["type"] == kind
        ]


class Refused(Exception):  # noqa: N818
    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status = status


@dataclass
class FakeBotApi:
    """Use as an async context manager; `url` goes to TELEGRAM_API_URL."""

    token: str = TOKEN
    calls: list[tuple[str, Form]] = field(default_factory=list)
    webhook: dict[str, str] = field(default_factory=dict)
    answered_queries: list[str] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        self._updates: list[dict[str, Any]] = []
        self._sent: defaultdict[int, list[Sent]] = defaultdict(list)
        self._faults: defaultdict[str, deque[Fault | None]] = defaultdict(deque)
        self._news = asyncio.Condition()
        self._next_id = 1000
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        self._runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def fail(self, method: str, *faults: Fault | None) -> None:
        """Let the next calls of a method fail, one fault each; None lets one pass."""
        self._faults[method.lower()].extend(faults)

    def sent(self, chat: int) -> list[Sent]:
        return list(self._sent[chat])

    def count(self, method: str) -> int:
        return sum(called == method.lower() for called, _form in self.calls)

    async def user_says(self, chat: int, text: str | None, /, **fields: Any) -> dict[str, Any]:
        """A customer writes; the update is returned. `fields` of the message replace or add to the usual."""
        content = {} if text is None else {"text": text}
        return await self._happens({"message": {**self._message(chat), **content, **fields}})

    async def user_presses(self, chat: int, label: str) -> dict[str, Any]:
        """A customer presses the newest button with this label."""
        for message in reversed(self._sent[chat]):
            for written, data in message.buttons:
                if written == label:
                    return await self._happens({"callback_query": self._query(chat, message, data)})
        raise AssertionError(f"no button {label!r} in chat {chat}")

    async def again(self, update: dict[str, Any], *, renumbered: bool = False) -> dict[str, Any]:
        """Deliver an update once more, as Telegram may, under its own number or a new one."""
        content = {key: value for key, value in update.items() if key != "update_id"}
        return await self._happens(content, None if renumbered else update["update_id"])

    async def push(self, update: dict[str, Any], *, secret: str | None = None) -> int:
        """Send one update to the webhook that was set; return the status."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret or self.webhook["secret_token"]}
        async with aiohttp.ClientSession() as client:
            async with client.post(self.webhook["url"], json=update, headers=headers) as response:
                return response.status

    async def until(self, met: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until a condition holds. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not met():  # noqa: ASYNC110  (the condition is anything)
                await asyncio.sleep(0.01)

    def _number(self) -> int:
        self._next_id += 1
        return self._next_id

    def _message(self, chat: int) -> dict[str, Any]:
        user = {"id": chat, "is_bot": False, "first_name": "Ana", "language_code": "sl-SI"}
        return {
            "message_id": self._number(),
            "date": 1_770_000_000,
            "chat": {"id": chat, "type": "private", "first_name": "Ana"},
            "from": user,
        }

    def _query(self, chat: int, message: Sent, data: str) -> dict[str, Any]:
        shown = {**self._message(chat), "message_id": message.message_id, "text": message.text}
        return {
            "id": str(self._number()),
            "from": shown["from"],
            "chat_instance": "1",
            "message": shown,
            "data": data,
        }

    async def _happens(self, content: dict[str, Any], number: int | None = None) -> dict[str, Any]:
        update = {"update_id": self._number() if number is None else number, **content}
        async with self._news:
            self._updates.append(update)
            self._news.notify_all()
        return update

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"].lower()
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.calls.append((method, form))
        if request.match_info["token"] != self.token:
            return _failure(401, "Unauthorized")
        fault = self._faults[method].popleft() if self._faults[method] else None
        if fault is not None and not fault.delivered:
            return self._broken(request, fault)
        handler: Callable[[Form], Awaitable[object]] | None = getattr(self, f"_on_{method}", None)
        if handler is None:
            return _failure(404, "Not Found")
        try:
            result = await handler(form)
        except Refused as refused:
            return _failure(refused.status, str(refused))
        if fault is not None:
            return self._broken(request, fault)
        return web.json_response({"ok": True, "result": result})

    def _broken(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.status == 0:
            assert request.transport is not None
            request.transport.close()
        return _failure(fault.status or 500, fault.description, fault.retry_after)

    async def _on_getme(self, _form: Form) -> object:
        return {"id": 4242, "is_bot": True, "first_name": "Fake", "username": "fake_bot"}

    async def _on_getupdates(self, form: Form) -> object:
        if self.webhook.get("url"):
            raise Refused(409, "Conflict: can't use getUpdates method while webhook is active")
        offset = int(form.get("offset", "0"))
        self._updates = [update for update in self._updates if update["update_id"] >= offset]
        with suppress(TimeoutError):
            async with asyncio.timeout(int(form.get("timeout", "0"))):
                async with self._news:
                    await self._news.wait_for(lambda: bool(self._updates))
        return sorted(self._updates, key=lambda update: int(update["update_id"]))[:100]

    async def _on_setwebhook(self, form: Form) -> object:
        self.webhook = dict(form)
        return True

    async def _on_deletewebhook(self, _form: Form) -> object:
        self.webhook = {}
        return True

    async def _on_setmycommands(self, _form: Form) -> object:
        return True

    async def _on_sendchataction(self, _form: Form) -> object:
        return True

    async def _on_answercallbackquery(self, form: Form) -> object:
        self.answered_queries.append(form["callback_query_id"])
        return True

    async def _on_sendmessage(self, form: Form) -> object:
        text = form.get("text", "")
        entities = json.loads(form.get("entities", "[]"))
        _check_text(text, entities)
        keyboard = json.loads(form.get("reply_markup", "{}")).get("inline_keyboard", [])
        buttons = [(button["text"], button["callback_data"]) for row in keyboard for button in row]
        if any(not 1 <= len(data.encode()) <= 64 for _label, data in buttons):
            raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
        chat = int(form["chat_id"])
        message = Sent(self._number(), text, entities, buttons)
        self._sent[chat].append(message)
        return {
            "message_id": message.message_id,
            "date": 1_770_000_000,
            "chat": {"id": chat, "type": "private", "first_name": "Ana"},
            "text": text,
        }


def _failure(status: int, description: str, retry_after: int | None = None) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    if retry_after is not None:
        body["parameters"] = {"retry_after": retry_after}
    return web.json_response(body, status=status)


def _check_text(text: str, entities: list[dict[str, Any]]) -> None:
    raw = text.encode("utf-16-le")
    if not text.strip():
        raise Refused(400, "Bad Request: message text is empty")
    if len(raw) // 2 > LIMIT:
        raise Refused(400, "Bad Request: message is too long")
    for entity in entities:
        start, end = entity["offset"], entity["offset"] + entity["length"]
        if not 0 <= start < end <= len(raw) // 2:
            raise Refused(400, "Bad Request: can't parse entities: out of bounds")
        try:
            raw[start * 2 : end * 2].decode("utf-16-le")
        except UnicodeDecodeError:
            raise Refused(400, "Bad Request: can't parse entities: inside a character") from None
