"""`make bench`: every figure of the search, the encoder, routing, the start and the index at size.

All of it happens in data folders that are thrown away afterwards. What measures memory or threads has a
process of its own, and each part can be run alone: `python -m tests.bench.compare`, and so on.
"""

import argparse
import asyncio
import json
import os
import pty
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bot.config import Settings
from bot.shelf import open_library, open_search
from bot.tabulate import evaluation_table
from knowledge.evaluation import Question, evaluate
from knowledge.retrieval import Retriever
from tests.bench import given as samples
from tests.bench.given import QUESTIONS as QUESTIONS
from tests.bench.given import ROOT
from tests.bench.table import at

PROMPT_LIMIT_S = 60.0
# What prompt_toolkit sends when it begins to read a line: pasted text is to be bracketed.
PROMPT = b"\x1b[?2004h"


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    samples.add_to(parser)
    parser.add_argument("--intents", type=Path, action="append", default=[], help="labelled messages")
    parser.add_argument(
        "--size", type=int, default=5000, help="clauses of the index at size; 0: leave it out"
    )
    given = parser.parse_args()
    docs, questions = samples.taken(parser, given)
    samples.check(parser, given.intents)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    with tempfile.TemporaryDirectory(prefix="clausewise-bench-") as folder:
        head("The search")
        settings = Settings(data_dir=Path(folder) / "library", database_url="")
        asyncio.run(measure(settings, docs, samples.read_rows(questions)))
        print_parts(docs, questions, given.intents)
        head("The start")
        print_startup(Path(folder) / "chat")
    if given.size:
        head(f"The index at {given.size} clauses")
        run("size", "--clauses", str(given.size))


def print_parts(docs: Sequence[Path], questions: Sequence[Path], intents: Sequence[Path]) -> None:
    head("The search beside its parts and beside others")
    named = [("--docs", path) for path in docs] + [("--questions", path) for path in questions]
    run("compare", *(word for name, path in named for word in (name, str(path))))
    head("The encoder")
    run("encoder")
    head("What messages ask for")
    run("intents")
    if intents:
        run("intents", *map(str, intents))


def head(title: str) -> None:
    print(f"\n## {title}\n")


def run(part: str, *arguments: str) -> None:
    """Run one part in a process of its own; the bench ends with it where it fails."""
    done = subprocess.run([sys.executable, "-m", f"tests.bench.{part}", *arguments], cwd=ROOT)
    if done.returncode:
        raise SystemExit(f"tests.bench.{part} ended with {done.returncode}")


async def measure(settings: Settings, docs: list[Path], rows: Sequence[Question]) -> None:
    """Ingest `docs`, score `rows`, time every query on its own after one to warm up."""
    started = time.perf_counter()
    async with open_library(settings) as library:
        report = await library.ingest(docs)
        clauses = sum(outcome.clauses for outcome in report.files)
    print(f"ingested: {len(report.files)} files, {clauses} clauses in {time.perf_counter() - started:.1f} s")
    started = time.perf_counter()
    async with open_search(settings) as retriever:
        await retriever.warm()
        print(f"index: {time.perf_counter() - started:.1f} s to the first search")
        print(evaluation_table(await evaluate(rows, retriever.search)))
        await _print_times(retriever, [row.text for row in rows])


async def _print_times(retriever: Retriever, questions: list[str]) -> None:
    times = []
    for question in questions:
        started = time.perf_counter()
        await retriever.search(question)
        times.append(1000 * (time.perf_counter() - started))
    times.sort()
    print(f"time per query: p50 {at(times, 0.5):.1f} ms, p95 {at(times, 0.95):.1f} ms ({len(times)} queries)")


def print_startup(data_dir: Path) -> None:
    """Launch `clausewise chat` as a person would, on a terminal, twice: on an empty folder and again."""
    environment = {**os.environ, "DATA_DIR": str(data_dir), "DATABASE_URL": "", "TERM": "xterm-256color"}
    for name in ("first launch", "second launch"):
        answer = _seconds_to_answer(environment)
        prompt = _seconds_to_prompt(environment)
        print(f"{name}: prompt after {prompt:.1f} s; first answer after {answer:.1f} s")


def _seconds_to_prompt(environment: dict[str, str]) -> float:
    started = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execve(sys.executable, [sys.executable, "-m", "bot", "chat", "--demo"], environment)
    shown = b""
    try:
        while PROMPT not in shown and time.perf_counter() - started < PROMPT_LIMIT_S:
            if select.select([terminal], [], [], 0.1)[0]:
                shown += os.read(terminal, 4096)
                if b"\x1b[6n" in shown:  # prompt_toolkit asks where the cursor is, as a terminal would answer
                    os.write(terminal, b"\x1b[1;1R")
                    shown = shown.replace(b"\x1b[6n", b"")
        return time.perf_counter() - started
    finally:
        os.write(terminal, b"\x04")
        os.waitpid(pid, 0)
        os.close(terminal)


def _seconds_to_answer(environment: dict[str, str]) -> float:
    """From launch to the first answer with a citation, through the JSONL door."""
    started = time.perf_counter()
    question = json.dumps({"text": "How much notice do I get before prices change?"})
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "chat", "--demo", "--jsonl"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
    ) as chat:
        assert chat.stdin is not None
        assert chat.stdout is not None
        chat.stdin.write(f"{question}\n")
        chat.stdin.flush()
        answer = json.loads(chat.stdout.readline())
        elapsed = time.perf_counter() - started
        chat.stdin.close()
    if not answer["replies"][0]["citations"]:
        raise SystemExit(f"the first answer has no citation: {answer}")
    return elapsed


if __name__ == "__main__":
    main()
