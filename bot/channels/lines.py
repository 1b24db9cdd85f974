"""Lines from a file descriptor, without blocking the loop and without holding Python's own stdin."""

import asyncio
import os
import threading
from collections.abc import AsyncGenerator

_CHUNK = 65_536


async def read_lines(descriptor: int) -> AsyncGenerator[bytes, None]:
    """Yield lines without their ends, the last one too if it has no end; stop at the end of input.

    A thread reads, because regular files cannot be waited for. It is a daemon and uses the descriptor itself:
    one that sat in sys.stdin's buffer would hold its lock, and the interpreter could not end.
    """
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue()

    def put(chunk: bytes) -> bool:
        try:
            loop.call_soon_threadsafe(chunks.put_nowait, chunk)
        except RuntimeError:  # the loop is closed: nobody reads any more
            return False
        return True

    def read() -> None:
        chunk = b"-"
        while chunk:
            try:
                chunk = os.read(descriptor, _CHUNK)
            except OSError:
                chunk = b""
            if not put(chunk):
                return

    threading.Thread(target=read, name="stdin", daemon=True).start()
    rest = b""
    while chunk := await chunks.get():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r")
    if rest:
        yield rest.removesuffix(b"\r")
