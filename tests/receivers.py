"""A real HTTP server that stands for the company's system and takes webhooks as a test tells it to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.hooks import EVENT_HEADER


@dataclass
class Receiver:
    """`answers` are the status codes of the next calls, 200 after them; 0 takes the call and never answers.

    `calls` holds every call's headers, in lower case, and its body.
    """

    answers: list[int] = field(default_factory=list)
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def events(self) -> list[str]:
        return [headers[EVENT_HEADER.lower()] for headers, _ in self.calls]

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            pairs = (line.partition(": ") for line in head[1:] if line)
            headers = {name.lower(): value for name, _, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.calls.append((headers, body))
            status = self.answers.pop(0) if self.answers else 200
            if status == 0:
                await reader.read()
                return
            elsewhere = f"Location: http://127.0.0.1:{self.port}/elsewhere\r\n" if status // 100 == 3 else ""
            answer = f"HTTP/1.1 {status} X\r\n{elsewhere}Content-Length: 0\r\nConnection: close\r\n\r\n"
            writer.write(answer.encode())
            await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def receiving(**told: Any) -> AsyncIterator[Receiver]:
    receiver = Receiver(**told)
    server = await asyncio.start_server(receiver.take, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
