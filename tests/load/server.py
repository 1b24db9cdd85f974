"""`clausewise serve` as a process of its own, on a port of its choice; it may be killed and started again."""

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from time import time
from types import MappingProxyType, TracebackType
from typing import Self

import aiohttp

from bot.config import Settings
from tests.bot_api import TOKEN, FakeBotApi

ROOT = Path(__file__).parents[2]
SECRET = "a-webhook-secret"
KEY = "an-api-secret"
PATIENCE = 120.0
Process = asyncio.subprocess.Process


class Server:
    """Use as an async context manager. With `warm` each start is a fork of a process that has imported and
    loaded everything, so that a restart takes a second; else a new interpreter. `more` are settings besides.

    `started` are the moments (seconds since 1970) at which it was started, `said` its last lines of log.
    """

    def __init__(
        self,
        data_dir: Path,
        api: FakeBotApi,
        *,
        warm: bool = False,
        options: tuple[str, ...] = (),
        program: tuple[str, ...] = ("-m", "bot", "serve", "--demo"),
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._api = api
        self._warm = warm
        launcher = ("-m", "tests.load.launch", *(["--warm"] if warm else []), *options)
        self._program = launcher if warm or options else program
        self._environment = {**environment(data_dir, api.url), **more}
        self._folder = data_dir
        self._process: Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._addresses: asyncio.Queue[str] = asyncio.Queue()
        self.said: deque[str] = deque(maxlen=1000)
        self.started: list[float] = []
        self.ready_after: list[float] = []
        self.address = ""
        self.pid = 0

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Return when it is ready."""
        await self.begin()
        await self.ready()

    async def begin(self) -> None:
        """Return when it listens, and Telegram knows where."""
        self.started.append(time())
        if self._process is None:
            await self._launch()
        assert self._process is not None
        if self._warm:
            self.pid = int(await self._told("start"))
        else:
            self.pid = self._process.pid
        self.address = await self._announced()
        hook = {"url": f"{self.address}/telegram/webhook", "secret_token": SECRET, "max_connections": "40"}
        self._api.webhook = hook

    async def ready(self) -> None:
        async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as client:
            while not await _is_ready(client, f"{self.address}/readyz"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        self.ready_after.append(time() - self.started[-1])

    async def kill(self) -> None:
        """kill -9. Return when it is gone."""
        os.kill(self.pid, signal.SIGKILL)
        await self._ended()

    async def stop(self) -> None:
        """End in good order; then end the process that it was forked from."""
        process = self._process
        if process is None:
            return
        try:
            if self.pid:
                os.kill(self.pid, signal.SIGTERM)
                async with asyncio.timeout(PATIENCE):
                    await self._ended()
        except (ProcessLookupError, TimeoutError):
            pass
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            if self._reading is not None:
                await self._reading

    async def _launch(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._program,
            cwd=self._folder,  # a .env of this machine is none of its business
            env=self._environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self._reading = asyncio.create_task(self._read(self._process.stderr))

    async def _announced(self) -> str:
        """Its address, or AssertionError with what it said when it ended before."""
        address = asyncio.ensure_future(self._addresses.get())
        end = asyncio.ensure_future(self._ended())
        try:
            wait = asyncio.FIRST_COMPLETED
            await asyncio.wait({address, end}, timeout=PATIENCE, return_when=wait)
            if not address.done():
                raise AssertionError("\n".join(["it did not start:", *self.said]))
            return address.result()
        finally:
            for one in (address, end):
                one.cancel()
            await asyncio.gather(address, end, return_exceptions=True)

    async def _told(self, word: str) -> str:
        """Ask the launcher, if there is something to ask; return its next line."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if word:
            self._process.stdin.write(f"{word}\n".encode())
        line = await self._process.stdout.readline()
        if not line:
            raise AssertionError("\n".join(["the launcher ended:", *self.said]))
        return line.decode().strip()

    async def _ended(self) -> None:
        """Wait until it is gone."""
        assert self._process is not None
        await (self._told("") if self._warm else self._process.wait())
        self.pid = 0
        if not self._warm:
            self._process = None

    async def _read(self, lines: asyncio.StreamReader | None) -> None:
        assert lines is not None
        while line := (await lines.readline()).decode().strip():
            if line.startswith("http://"):
                self._addresses.put_nowait(line)
            else:
                self.said.append(line)


async def _is_ready(client: aiohttp.ClientSession, address: str) -> bool:
    try:
        async with client.get(address) as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


def environment(data_dir: Path, telegram: str) -> dict[str, str]:
    """This machine's environment without its settings, and with those of a server under test."""
    ours = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in ours}
    plenty = {f"LIMIT_PER_{of}": "100000/second" for of in ("KEY", "CONVERSATION", "ADDRESS")}
    return {
        **kept,
        **plenty,
        "PYTHONPATH": str(ROOT),
        "DATA_DIR": str(data_dir),
        "HOST": "127.0.0.1",
        "PORT": "0",
        "API_SECRETS": KEY,
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_WEBHOOK_SECRET": SECRET,
        "TELEGRAM_API_URL": telegram,
    }
