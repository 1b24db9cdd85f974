"""A `Store` whose Chroma runs in a process of its own, so that its crash is an error here and no more."""

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from knowledge.adapters.chroma_store import Found
from knowledge.adapters.chroma_wire import LENGTHS, BrokenFrame, Message, pack, rest, unpack
from knowledge.errors import IndexBusy, IndexLocked, IndexUnavailable
from knowledge.ports import Vectors

# Seconds until the process is taken to hang, and is killed. A search that waits so long is answered by
# exact search; opening imports Chroma, which takes many seconds of a busy processor.
QUERY_S = 3.0
WORK_S = 60.0
CHUNK = 1 << 20


class ChildStore:
    """Starts its process when it is opened. It is safe to call from several threads."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._child: subprocess.Popen[bytes] | None = None
        self._mutex = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The process that runs Chroma, None where there is none."""
        return self._child.pid if self._child is not None else None

    def open(self, *, fresh: bool) -> dict[str, int]:
        with self._turn(WORK_S):
            self._end()
            try:
                self._child = _start(self._directory)
            except OSError as fault:
                raise IndexUnavailable(f"the vector index failed: {fault}") from fault
        try:
            answer, _ = self._ask({"call": "open", "fresh": fresh}, within=WORK_S)
        except IndexUnavailable:
            self.close()
            raise
        return dict(answer["collections"])

    def create(self, name: str) -> None:
        self._ask({"call": "create", "name": name}, within=WORK_S)

    def add(self, name: str, ids: Sequence[str], vectors: Vectors) -> None:
        self._ask({"call": "add", "name": name, "ids": list(ids)}, vectors, within=WORK_S)

    def delete(self, name: str) -> None:
        self._ask({"call": "delete", "name": name}, within=WORK_S)

    def count(self, name: str) -> int:
        return int(self._ask({"call": "count", "name": name}, within=WORK_S)[0]["count"])

    def query(self, names: Sequence[str], vectors: Vectors, count: int) -> list[Found]:
        message = {"call": "query", "names": list(names), "count": count}
        answer, distances = self._ask(message, vectors, within=QUERY_S)
        found, flat, at = [], distances.ravel().tolist(), 0
        for ids in answer["ids"]:
            found.append((ids, flat[at : at + len(ids)]))
            at += len(ids)
        return found

    def files(self) -> dict[str, int]:
        return dict(self._ask({"call": "files"}, within=WORK_S)[0]["files"])

    def close(self) -> None:
        with self._turn(WORK_S):
            self._end()

    @contextmanager
    def _turn(self, within: float) -> Iterator[None]:
        """One exchange at a time goes over the pipes."""
        if not self._mutex.acquire(timeout=within):
            raise IndexBusy("the vector index is busy")
        try:
            yield
        finally:
            self._mutex.release()

    def _ask(
        self, message: Message, numbers: Vectors | None = None, *, within: float
    ) -> tuple[Message, Vectors]:
        until = time.monotonic() + within
        with self._turn(within):
            if self._child is None:
                raise IndexUnavailable("the vector index is not open")
            try:
                answer, values = _exchange(self._child, pack(message, numbers), until)
            except (OSError, TimeoutError, BrokenFrame) as fault:
                # Out of step with the pipes, or dead: there is nothing to be saved.
                raise IndexUnavailable(f"the vector index failed: {self._obituary(fault)}") from fault
        if "fault" in answer:
            kind = IndexLocked if answer.get("kind") == "locked" else IndexUnavailable
            raise kind(str(answer["fault"]))
        return answer, values

    def _obituary(self, fault: Exception) -> str:
        assert self._child is not None
        child = self._child
        try:
            status = child.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            self._end(kill=True)
            return f"its process hung ({fault})"
        self._end(kill=True)
        return f"its process ended ({f'signal {-status}' if status < 0 else f'status {status}'})"

    def _end(self, *, kill: bool = False) -> None:
        """Let the process end by itself, which closed pipes tell it to do; then see to it."""
        child, self._child = self._child, None
        if child is None:
            return
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.close()
        child.stdout.close()
        try:
            child.wait(timeout=0 if kill else 5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _start(directory: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603  (our own module, by this interpreter)
        [sys.executable, "-P", "-m", "knowledge.adapters.chroma_worker", str(directory), str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        # Ctrl-C is for the bot, which then closes this process in order.
        start_new_session=True,
    )


def _exchange(child: "subprocess.Popen[bytes]", frame: bytes, until: float) -> tuple[Message, Vectors]:
    assert child.stdin is not None
    assert child.stdout is not None
    _write(child.stdin.fileno(), frame, until)
    lengths = _read(child.stdout.fileno(), LENGTHS.size, until)
    return unpack(lengths, _read(child.stdout.fileno(), rest(lengths), until))


def _write(pipe: int, frame: bytes, until: float) -> None:
    os.set_blocking(pipe, False)
    left = memoryview(frame)
    while left:
        _wait(pipe, select.POLLOUT, until)
        left = left[os.write(pipe, left) :]


def _read(pipe: int, count: int, until: float) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        _wait(pipe, select.POLLIN, until)
        part = os.read(pipe, min(CHUNK, count - len(parts)))
        if not part:
            raise BrokenPipeError("nothing more to read")
        parts += part
    return bytes(parts)


def _wait(pipe: int, event: int, until: float) -> None:
    poll = select.poll()
    poll.register(pipe, event)
    if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
        raise TimeoutError("no answer in time")
