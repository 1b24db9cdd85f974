"""Limits that are counted in a real Redis: for all replicas together, and nobody refused when it is gone."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from structlog.testing import capture_logs

from bot.channels import limiting
from bot.channels.limiting import Limits
from bot.channels.problems import Problem
from tests.install import REDIS
from tests.make import settings


class Redis:
    """A server of this test's own, which keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        """Return when it answers."""
        program = shutil.which(REDIS)
        assert program, "these tests need a Redis server: as root, apt-get install redis-server"
        unkept = ("--save", "", "--appendonly", "no", "--dir", str(self._folder))
        self.process = subprocess.Popen(
            [program, "--port", str(self.port), "--bind", "127.0.0.1", *unkept], stdout=subprocess.DEVNULL
        )
        until = monotonic() + 30
        while not self._answers():
            assert monotonic() < until
            sleep(0.05)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as asked:
                asked.sendall(b"PING\r\n")
                return asked.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def signal(self, name: signal.Signals) -> None:
        os.kill(self.process.pid, name)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    started = Redis(tmp_path)
    yield started
    started.end()


@pytest.fixture
async def replicas(redis: Redis, tmp_path: Path) -> AsyncIterator[list[Limits]]:
    chosen = settings(tmp_path, limits_url=redis.url, limit_per_key="2/minute")
    made = [Limits(chosen), Limits(chosen)]
    yield made
    for each in made:
        await each.close()


async def allowed(counter: Limits, name: str, times: int) -> int:
    """How many of so many requests are let through."""
    through = 0
    for _ in range(times):
        try:
            await counter.count("key", name)
            through += 1
        except Problem:
            pass
    return through


async def test_replicas_count_together(replicas: list[Limits]) -> None:
    one, two = replicas
    assert [await allowed(one, "k", 1), await allowed(two, "k", 2), await allowed(one, "k", 2)] == [1, 1, 0]
    assert await allowed(two, "another", 3) == 2
    with pytest.raises(Problem) as refused:
        await one.count("key", "k")
    assert refused.value.headers
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 60


@pytest.mark.parametrize("gone", ["ended", "silent"])
async def test_a_redis_that_is_gone_refuses_nobody_and_is_used_again_when_it_is_back(
    redis: Redis, replicas: list[Limits], monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    monkeypatch.setattr(limiting, "_REST", 0.0)
    counter = replicas[0]
    assert await allowed(counter, "k", 3) == 2
    redis.end() if gone == "ended" else redis.signal(signal.SIGSTOP)
    begun = monotonic()
    with capture_logs() as logged:
        assert await allowed(counter, "k", 3) == 3
    assert monotonic() - begun < 15
    assert {line["event"] for line in logged} == {"limits-not-counted"}
    redis.start() if gone == "ended" else redis.signal(signal.SIGCONT)
    await allowed(counter, "k", 2)
    assert await allowed(counter, "k", 2) == 0


async def test_requests_do_not_wait_one_by_one_for_a_redis_that_is_silent(
    redis: Redis, replicas: list[Limits]
) -> None:
    counter = replicas[0]
    redis.signal(signal.SIGSTOP)
    with capture_logs() as logged:
        assert await allowed(counter, "k", 200) == 200
    assert len(logged) < 50
