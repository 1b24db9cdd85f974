"""The process that runs Chroma: `python -m knowledge.adapters.chroma_worker DIRECTORY PARENT`.

It answers one frame after another on its standard streams and ends when they are closed, or within a
second when its parent has gone. A crash of Chroma's native code ends this process and no other.
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from knowledge.adapters.chroma_store import ChromaStore, Found, Store
from knowledge.adapters.chroma_wire import LENGTHS, BrokenFrame, Message, pack, rest, unpack
from knowledge.errors import IndexLocked, IndexUnavailable
from knowledge.ports import Vectors

LOOK_AFTER_PARENT_S = 0.5


def main() -> None:
    directory, parent = Path(sys.argv[1]), int(sys.argv[2])
    threading.Thread(target=_outlive_nobody, args=(parent,), daemon=True).start()
    # Whatever a library prints must not stand between the frames.
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    store = ChromaStore(directory)
    serve(store, sys.stdin.buffer, answers)
    store.close()


def serve(store: Store, asked: BinaryIO, answers: BinaryIO) -> None:
    """Answer until there is nothing more to read, or what is read is no frame."""
    while len(lengths := asked.read(LENGTHS.size)) == LENGTHS.size:
        try:
            message, numbers = unpack(lengths, asked.read(rest(lengths)))
        except BrokenFrame:
            return
        try:
            frame = CALLS[str(message["call"])](store, message, numbers)
        except IndexUnavailable as fault:
            kind = "locked" if isinstance(fault, IndexLocked) else "unavailable"
            frame = pack({"fault": str(fault), "kind": kind})
        except Exception as fault:
            frame = pack({"fault": f"the vector index failed: {fault!r}", "kind": "unavailable"})
        answers.write(frame)


def _outlive_nobody(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_AFTER_PARENT_S)
    os._exit(0)


def _open(store: Store, message: Message, _numbers: Vectors) -> bytes:
    return pack({"collections": store.open(fresh=bool(message["fresh"]))})


def _create(store: Store, message: Message, _numbers: Vectors) -> bytes:
    store.create(message["name"])
    return pack({})


def _add(store: Store, message: Message, numbers: Vectors) -> bytes:
    store.add(message["name"], message["ids"], numbers)
    return pack({})


def _delete(store: Store, message: Message, _numbers: Vectors) -> bytes:
    store.delete(message["name"])
    return pack({})


def _count(store: Store, message: Message, _numbers: Vectors) -> bytes:
    return pack({"count": store.count(message["name"])})


def _query(store: Store, message: Message, numbers: Vectors) -> bytes:
    found = store.query(message["names"], numbers, int(message["count"]))
    return pack({"ids": [ids for ids, _ in found]}, _joined(found))


def _joined(found: list[Found]) -> Vectors:
    return np.array([distance for _, distances in found for distance in distances], dtype=np.float32)


def _files(store: Store, _message: Message, _numbers: Vectors) -> bytes:
    return pack({"files": store.files()})


CALLS: dict[str, Callable[[Store, Message, Vectors], bytes]] = {
    "open": _open,
    "create": _create,
    "add": _add,
    "delete": _delete,
    "count": _count,
    "query": _query,
    "files": _files,
}

if __name__ == "__main__":
    main()
