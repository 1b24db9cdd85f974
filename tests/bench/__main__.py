"""`make bench`: quality and time, always in a data folder of its own that is thrown away afterwards."""

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
from pathlib import Path

from bot.config import Settings
from bot.shelf import SAMPLES, open_library, open_search
from bot.tabulate import evaluation_table
from knowledge.evaluation import evaluate, read_questions
from knowledge.retrieval import Retriever

ROOT = Path(__file__).parents[2]
QUESTIONS = sorted((ROOT / "tests" / "samples").glob("questions.*.jsonl"))
PROMPT_LIMIT_S = 60.0
# What prompt_toolkit sends when it begins to read a line: pasted text is to be bracketed.
PROMPT = b"\x1b[?2004h"


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--docs", type=Path, action="append", help="documents; default: the samples")
    parser.add_argument(
        "--questions", type=Path, action="append", help="question sets; default: the samples'"
    )
    given = parser.parse_args()
    docs, questions = given.docs or [SAMPLES], given.questions or QUESTIONS
    missing = [str(path) for path in [*docs, *questions] if not path.exists()]
    if missing:
        parser.error(f"no such file or folder: {', '.join(missing)}")
    with tempfile.TemporaryDirectory(prefix="clausewise-bench-") as folder:
        asyncio.run(measure(Settings(data_dir=Path(folder) / "library", database_url=""), docs, questions))
        print_startup(Path(folder) / "chat")


async def measure(settings: Settings, docs: list[Path], questions: list[Path]) -> None:
    """Ingest `docs`, score `questions`, time every query on its own after one to warm up."""
    started = time.perf_counter()
    async with open_library(settings) as library:
        report = await library.ingest(docs)
        clauses = sum(outcome.clauses for outcome in report.files)
    print(f"ingested: {len(report.files)} files, {clauses} clauses in {time.perf_counter() - started:.1f} s")
    lines = [line for file in questions for line in file.read_text(encoding="utf-8").splitlines()]
    rows, unusable = read_questions(lines)
    if unusable:
        raise SystemExit(f"{len(unusable)} unusable rows, the first: {unusable[0].reason}")
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
    print(
        f"time per query: p50 {_at(times, 0.5):.1f} ms, p95 {_at(times, 0.95):.1f} ms ({len(times)} queries)"
    )


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


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
