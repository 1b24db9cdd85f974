"""`clausewise serve` for measurements: forked from a warm process, without pacing, or with a profile.

With `--warm` each line on stdin starts a fork of this process, once the one before has ended; its number is
written to stdout, and a line when it has ended.
"""

import argparse
import asyncio
import cProfile
import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.channels import telegram
from bot.commands.serve import serve
from bot.config import LANGUAGES
from bot.language import ProductLanguages
from bot.pacing import Limits
from bot.routing.combining import CombinedRouter
from knowledge import lemmas


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.load.launch", description=__doc__)
    parser.add_argument("--warm", action="store_true")
    parser.add_argument("--unpaced", action="store_true", help="send faster than Telegram would take it")
    parser.add_argument("--profile", type=Path, help="where cProfile's figures of the main thread go")
    given = parser.parse_args()
    if given.unpaced:
        telegram.LIMITS = Limits()
    if given.warm:
        fork_again_and_again()
    with profiled(given.profile):
        serve(demo=True)


@contextmanager
def profiled(path: Path | None) -> Iterator[None]:
    """Count from the end of the start-up (SIGUSR1) to the end of the block."""
    profile = cProfile.Profile()
    signal.signal(signal.SIGUSR1, lambda *_: profile.enable())
    try:
        yield
    finally:
        profile.disable()
        if path is not None:
            profile.dump_stats(path)


def fork_again_and_again() -> None:
    warm()
    for _line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                serve(demo=True)
            finally:
                os._exit(0)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print("ended", status, flush=True)
    raise SystemExit


def warm() -> None:
    """Import what is imported late, and load what stays in this process."""
    import aiogram
    import chromadb
    import uvicorn.protocols.http.httptools_impl

    import bot.app
    import bot.channels.http

    late = (aiogram.Bot, chromadb.PersistentClient, uvicorn, bot.app.App, bot.channels.http.serve)
    assert all(late)
    ProductLanguages().warm()
    lemmas.warm(LANGUAGES)
    for language in LANGUAGES:
        CombinedRouter().route("hello", language)
    asyncio.run(asyncio.sleep(0))
    gc.freeze()


if __name__ == "__main__":
    main()
