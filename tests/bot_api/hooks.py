"""Pushing updates to the webhook as Telegram does: in order per chat, chats side by side, until taken."""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp

from tests.bot_api.model import Form, Json
from tests.bot_api.world import World

HEADER = "X-Telegram-Bot-Api-Secret-Token"
Do = Callable[[str, Form], Awaitable[object]]


@dataclass
class Pusher:
    """`in_order` off sends all at once; an update that is not taken comes again after `wait` seconds, then
    twice as long, up to `longest`. What the webhook answers with a method is done."""

    world: World
    do: Do
    in_order: bool = True
    wait: float = 1.0
    longest: float = 60.0
    timeout: float = 60.0
    tries: int = 0

    _lines: dict[object, deque[Json]] = field(default_factory=dict)
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Until cancelled."""
        most = int(self.world.webhook.get("max_connections", "40"))
        gate = asyncio.Semaphore(most)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=most)) as client:
            try:
                while True:
                    while not self.world.webhook:  # noqa: ASYNC110
                        await asyncio.sleep(0.05)
                    for update in self.world.updates.take_all():
                        self._line_up(client, gate, update)
                    await self.world.updates.arrived.wait()
            finally:
                for task in self._running:
                    task.cancel()
                await asyncio.gather(*self._running, return_exceptions=True)

    def _line_up(self, client: aiohttp.ClientSession, gate: asyncio.Semaphore, update: Json) -> None:
        key = _chat_of(update) if self.in_order else object()
        if key in self._lines:
            self._lines[key].append(update)
            return
        self._lines[key] = deque([update])
        task = asyncio.create_task(self._send_line(client, gate, key))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _send_line(self, client: aiohttp.ClientSession, gate: asyncio.Semaphore, key: object) -> None:
        line = self._lines[key]
        wait = self.wait
        while line:
            async with gate:
                taken = await self._push(client, line[0])
            if taken:
                self.world.updates.acknowledge(line.popleft())
                wait = self.wait
            else:
                await asyncio.sleep(wait)
                wait = min(wait * 2, self.longest)
        del self._lines[key]

    async def _push(self, client: aiohttp.ClientSession, update: Json) -> bool:
        self.tries += 1
        hook = self.world.webhook
        if not hook:
            return False
        headers = {HEADER: hook["secret_token"]} if hook.get("secret_token") else {}
        patience = aiohttp.ClientTimeout(self.timeout)
        try:
            async with client.post(hook["url"], json=update, headers=headers, timeout=patience) as response:
                if response.status // 100 != 2:
                    self._failed(f"Wrong response from the webhook: {response.status} {response.reason}")
                    return False
                await self._obey(await response.read())
                return True
        except TimeoutError:
            self._failed("Read timeout expired")
        except aiohttp.ClientError as error:
            refused = isinstance(error, aiohttp.ClientConnectorError)
            self._failed("Connection refused" if refused else "Connection closed")
        return False

    async def _obey(self, body: bytes) -> None:
        """A webhook may answer with a method; the bot never learns how it went."""
        try:
            answer = json.loads(body or b"null")
        except ValueError:
            return
        if isinstance(answer, dict) and "method" in answer:
            form = {k: v if isinstance(v, str) else json.dumps(v) for k, v in answer.items() if k != "method"}
            await self.do(str(answer["method"]), form)

    def _failed(self, why: str) -> None:
        self.world.hook_error = {"last_error_date": int(self.world.now()), "last_error_message": why}


def _chat_of(update: Json) -> object:
    for kind, content in update.items():
        if kind != "update_id" and isinstance(content, dict):
            message = content.get("message", content)
            return message.get("chat", {}).get("id")
    return None
