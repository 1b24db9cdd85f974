"""A vector index that is damaged under a running library: answers go on, and it is made anew from SQL.

Chroma is the real one, in its own process; only the interval between checks is shorter than in operation.
"""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from knowledge.adapters.chroma import ChromaIndex
from knowledge.adapters.chroma_child import ChildStore
from knowledge.errors import IndexUnavailable
from knowledge.exact import ClauseVectors, ExactIndex
from knowledge.index import IndexHolder
from knowledge.model import Clause
from knowledge.ports import Vectors
from tests.bench.corpus import clauses
from tests.fakes import FakeEncoder

ENCODER = FakeEncoder(64)
# Enough in a language that Chroma writes a graph to disk, which it does from a thousand vectors on.
LIBRARY = [clause for clause in clauses(6_000) if clause.language in ("en", "bg")]
CHECK_EVERY_S = 0.5
NOTICED_WITHIN_S = 10.0
READY_WITHIN_S = 90.0


class Source:
    """A library in memory."""

    async def clauses(self) -> list[Clause]:
        return LIBRARY

    async def revision(self) -> int:
        return 1


class Running:
    """A held index whose vectors lie in a directory that the test may damage."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.store = ChildStore(directory)
        self.holder = IndexHolder(Source(), ENCODER, self._vectors, check_every=CHECK_EVERY_S)

    def _vectors(self, encode: ClauseVectors) -> ChromaIndex:
        return ChromaIndex(self.store, encode, encoder_name=ENCODER.name)

    async def nearest(self, number: int) -> str:
        """Ask for a clause by its own vector; return the nearest one's text."""
        asked = LIBRARY[number]
        snapshot = await self.holder.current()
        vector = ClauseVectors(ENCODER)([asked])[0]
        found = await asyncio.to_thread(snapshot.nearest, vector, language=asked.language, count=5)
        return found[0][0]

    async def until(self, ready: bool, within: float) -> float:
        """Wait until the index is, or is not, ready; return the seconds that it took. Searches go on."""
        started = time.monotonic()
        while (self.holder.vector_state == "ready") is not ready:
            assert time.monotonic() - started < within, self.holder.vector_state
            asked = time.monotonic()
            assert await self.nearest(17) == LIBRARY[17].clause_id
            assert time.monotonic() - asked < 2.0
            await asyncio.sleep(0.05)
        return time.monotonic() - started


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    made = Running(tmp_path / "index")
    await made.holder.refresh()
    assert await made.holder.settle() == "ready"
    yield made
    await made.holder.close()


def _files(directory: Path, name: str) -> list[Path]:
    found = sorted(directory.rglob(name))
    assert found, f"no {name}"
    return found


def _remove_everything(running: Running) -> None:
    shutil.rmtree(running.directory)


def _remove_graphs(running: Running) -> None:
    for file in _files(running.directory, "data_level0.bin"):
        file.unlink()


def _remove_database(running: Running) -> None:
    for file in _files(running.directory, "chroma.sqlite3"):
        file.unlink()


def _cut_graphs(running: Running) -> None:
    for file in _files(running.directory, "data_level0.bin"):
        os.truncate(file, file.stat().st_size // 2)


def _cut_database(running: Running) -> None:
    for file in _files(running.directory, "chroma.sqlite3"):
        os.truncate(file, file.stat().st_size // 3)


def _remove_half_of_the_rows(running: Running) -> None:
    for file in _files(running.directory, "chroma.sqlite3"):
        with sqlite3.connect(file, timeout=10) as database:
            database.execute("DELETE FROM embeddings WHERE id % 2 = 0")
        database.close()


def _kill(running: Running) -> None:
    assert running.store.pid is not None
    os.kill(running.store.pid, signal.SIGKILL)


def _crash(running: Running) -> None:
    """What a fault of native code looks like from outside."""
    assert running.store.pid is not None
    os.kill(running.store.pid, signal.SIGSEGV)


DAMAGES = [
    _remove_everything,
    _remove_graphs,
    _remove_database,
    _cut_graphs,
    _cut_database,
    _remove_half_of_the_rows,
    _kill,
    _crash,
]


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
async def test_damage_is_noticed_and_mended_while_answers_go_on(
    running: Running, damage: Callable[[Running], None], record_property: Callable[[str, object], None]
) -> None:
    damage(running)
    assert await running.nearest(2_321) == LIBRARY[2_321].clause_id
    record_property("noticed_s", round(await running.until(False, NOTICED_WITHIN_S), 2))
    record_property("ready_s", round(await running.until(True, READY_WITHIN_S), 2))
    assert (await running.holder.current()).vectors is not None
    assert await running.nearest(2_321) == LIBRARY[2_321].clause_id
    assert await running.nearest(17) == LIBRARY[17].clause_id


async def test_a_process_that_hangs_is_replaced(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.adapters.chroma_child.QUERY_S", 0.5)
    pid = running.store.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    assert await running.nearest(17) == LIBRARY[17].clause_id
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    # The keeper hears of it a moment later; until then the index still counts as ready.
    async with asyncio.timeout(READY_WITHIN_S):
        while running.store.pid in (None, pid):  # noqa: ASYNC110  (a process has no event)
            await asyncio.sleep(0.05)
    await running.until(True, READY_WITHIN_S)
    assert running.store.pid not in (None, pid)


def test_a_library_that_is_whole_is_kept_when_opened_again(tmp_path: Path) -> None:
    first = Running(tmp_path / "index")
    some = LIBRARY[:300]
    index = first._vectors(ClauseVectors(ENCODER))
    index.build(some)
    index.close()
    encoded: list[int] = []

    def counted(members: object) -> Vectors:
        assert isinstance(members, list)
        encoded.append(len(members))
        return ClauseVectors(ENCODER)(members)

    again = ChromaIndex(ChildStore(tmp_path / "index"), counted, encoder_name=ENCODER.name)
    again.build(some)
    assert sum(encoded) <= 12
    again.close()


def test_a_closed_process_is_gone_and_a_second_one_may_open(tmp_path: Path) -> None:
    first, second = ChildStore(tmp_path / "index"), ChildStore(tmp_path / "index")
    first.open(fresh=False)
    with pytest.raises(IndexUnavailable, match="another process"):
        second.open(fresh=True)
    assert second.pid is None
    first.close()
    assert second.open(fresh=False) == {}
    second.close()


ORPHAN = """
import sys
from pathlib import Path
import numpy as np
from knowledge.adapters.chroma_child import ChildStore
store = ChildStore(Path(sys.argv[1]))
store.open(fresh=False)
store.create("many-vectors")
print(store.pid, flush=True)
numbers = np.random.default_rng(1).random((200, 256), dtype=np.float32)
for batch in range(1000):
    store.add("many-vectors", [f"{batch}-{row}" for row in range(200)], numbers)
"""


def test_no_process_outlives_the_one_that_started_it(tmp_path: Path) -> None:
    """Also when that is killed while Chroma works."""
    command = [sys.executable, "-c", ORPHAN, str(tmp_path / "index")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        time.sleep(1)
        parent.kill()
    until = time.monotonic() + 15
    while _lives(pid):
        assert time.monotonic() < until, "the process that runs Chroma outlived its parent"
        time.sleep(0.1)


def _lives(pid: int) -> bool:
    """A process that has ended and whose status nobody has read yet does not live."""
    with suppress(ProcessLookupError, FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_the_bot_itself_never_loads_chroma(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from knowledge.adapters.chroma_child import ChildStore\n"
        "store = ChildStore(Path(sys.argv[1])); store.open(fresh=False); store.close()\n"
        "assert not [name for name in sys.modules if name.partition('.')[0] in ('chromadb', 'filelock')]"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "index")], check=True)


class _Flawed(ExactIndex):
    """Works, until it is told that it does not; how often it was built is counted."""

    def __init__(self, encode: ClauseVectors) -> None:
        super().__init__(encode)
        self.builds = self.checks = 0
        self.whole = True

    def build(self, clauses: object) -> None:
        assert isinstance(clauses, tuple)
        super().build(clauses)
        self.builds += 1
        self.whole = self.builds > 1

    def check(self, number: int) -> None:
        self.checks += 1
        if not self.whole:
            raise IndexUnavailable("a canary is silent")


async def test_a_failed_check_leads_to_exact_search_and_a_new_build() -> None:
    made: list[_Flawed] = []

    def make(encode: ClauseVectors) -> _Flawed:
        made.append(_Flawed(encode))
        return made[0]

    holder = IndexHolder(Source(), ENCODER, make, check_every=0.05)
    await holder.refresh()
    assert await holder.settle() == "ready"
    until = time.monotonic() + 10
    while made[0].builds < 2 or made[0].checks < 4 or holder.vector_state != "ready":
        assert time.monotonic() < until
        await asyncio.sleep(0.02)
    assert made[0].builds == 2
    await holder.close()
