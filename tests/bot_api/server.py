"""The fake Bot API as a real HTTP server on this machine."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from inspect import isawaitable
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

from tests.bot_api import editing, profile, receiving, sending, topics  # noqa: F401  (each enters its methods)
from tests.bot_api.acts import Acts
from tests.bot_api.hooks import HEADER, Pusher
from tests.bot_api.model import Call, Fault, Form, Json, Refused, Upload
from tests.bot_api.registry import METHODS

BODY_LIMIT = 64 * 1024 * 1024
HANG = 3600.0


@dataclass
class FakeBotApi(Acts):
    """Use as an async context manager; `url` goes to TELEGRAM_API_URL. `fault_for` may give any call a fault:
    it gets the method in lower case and the form."""

    fault_for: Callable[[str, Form], Fault | None] | None = None
    port: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._faults: defaultdict[str, deque[Fault | None]] = defaultdict(deque)
        self._runner: web.AppRunner | None = None
        self._ending = asyncio.Event()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=BODY_LIMIT)
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        app.router.add_get("/file/bot{token}/{folder}/{file}", self._download)
        self.extend(app)
        self._runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        assert self._runner is not None
        await self._runner.cleanup()

    def extend(self, app: web.Application) -> None:
        """Room for more routes."""

    def fail(self, method: str, *faults: Fault | None) -> None:
        """Let the next calls of a method fail, one fault each; None lets one pass."""
        self._faults[method.lower()].extend(faults)

    def count(self, method: str) -> int:
        return sum(called == method.lower() for called, _form in self.calls)

    async def until(self, met: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until a condition holds. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not met():  # noqa: ASYNC110  (the condition is anything)
                await asyncio.sleep(0.01)

    async def push(self, update: Json, *, secret: str | None = None) -> int:
        """Send one update to the webhook that was set; return the status."""
        headers = {HEADER: secret or self.webhook["secret_token"]}
        async with aiohttp.ClientSession() as client:
            async with client.post(self.webhook["url"], json=update, headers=headers) as response:
                return response.status

    @asynccontextmanager
    async def pushing(
        self, *, in_order: bool = True, wait: float = 1.0, patience: float = 60.0
    ) -> AsyncIterator[Pusher]:
        """While the block runs, updates go to the webhook as Telegram sends them."""
        pusher = Pusher(self, self._do_quietly, in_order, wait, timeout=patience)
        running = asyncio.create_task(pusher.run())
        try:
            yield pusher
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    async def do(self, method: str, call: Call) -> object:
        """Carry out a method as if it had come by HTTP. Raises Refused."""
        handler = METHODS.get(method.lower())
        if handler is None:
            raise Refused(404, "Not Found: method not found")
        result = handler(self, call)
        return await result if isawaitable(result) else result

    async def _do_quietly(self, method: str, form: Form) -> object:
        self.calls.append((method.lower(), form))
        with suppress(Refused):
            return await self.do(method, Call(form))
        return None

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"].lower()
        call = await _read(request)
        self.calls.append((method, call.form))
        if request.match_info["token"] != self.token:
            return _failure(401, "Unauthorized")
        fault = self._fault(method, call.form)
        if fault is not None and not fault.delivered:
            return await self._broken(request, fault)
        try:
            result = await self.do(method, call)
        except Refused as refused:
            return _failure(refused.status, str(refused), **refused.parameters)
        if fault is not None:
            return await self._broken(request, fault)
        return web.json_response({"ok": True, "result": result})

    def _fault(self, method: str, form: Form) -> Fault | None:
        if self._faults[method]:
            return self._faults[method].popleft()
        return None if self.fault_for is None else self.fault_for(method, form)

    async def _broken(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.hang:
            with suppress(TimeoutError):
                async with asyncio.timeout(HANG):
                    await self._ending.wait()
        if fault.status == 0 and request.transport is not None:
            request.transport.close()
        extra = {} if fault.retry_after is None else {"retry_after": fault.retry_after}
        return _failure(fault.status or 500, fault.description, **extra)

    async def _download(self, request: web.Request) -> web.StreamResponse:
        file = self.files.get(request.match_info["file"])
        if request.match_info["token"] != self.token or file is None or file.size > self.file_limit:
            return _failure(404, "Not Found")
        return web.Response(body=file.content, content_type="application/octet-stream")


async def _read(request: web.Request) -> Call:
    """Telegram takes the address, a form, a multipart form and JSON alike."""
    call = Call(dict(request.query))
    if request.content_type == "application/json":
        with suppress(ValueError):
            body = await request.json()
            call.form.update({k: v if isinstance(v, str) else json.dumps(v) for k, v in body.items()})
        return call
    for key, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            call.files[key] = Upload(value.filename, value.file.read(), value.content_type)
        else:
            call.form[key] = str(value)
    return call


def _failure(status: int, description: str, **parameters: int) -> web.Response:
    body: Json = {"ok": False, "error_code": status, "description": description}
    if parameters:
        body["parameters"] = parameters
    return web.json_response(body, status=status)
