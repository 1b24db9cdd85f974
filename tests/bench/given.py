"""What a bench is given: documents and question sets, the samples' where none are named."""

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bot.config import Settings
from bot.shelf import SAMPLES, open_library
from knowledge.evaluation import Question, read_questions
from knowledge.model import Clause

ROOT = Path(__file__).parents[2]
QUESTIONS = sorted((ROOT / "tests" / "samples").glob("questions.*.jsonl"))


def add_to(parser: argparse.ArgumentParser) -> None:
    """Let a command take --docs and --questions, each any number of times."""
    parser.add_argument("--docs", type=Path, action="append", help="documents; default: the samples")
    parser.add_argument(
        "--questions", type=Path, action="append", help="question sets; default: the samples'"
    )


def taken(parser: argparse.ArgumentParser, given: argparse.Namespace) -> tuple[list[Path], list[Path]]:
    """Return the documents and question sets; ends the command where one does not exist."""
    docs, questions = given.docs or [SAMPLES], given.questions or QUESTIONS
    check(parser, [*docs, *questions])
    return docs, questions


def check(parser: argparse.ArgumentParser, paths: Sequence[Path]) -> None:
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        parser.error(f"no such file or folder: {', '.join(missing)}")


def read_rows(files: Sequence[Path]) -> list[Question]:
    """Read question sets; a row that is no question ends the command, since figures without it would lie."""
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    rows, unusable = read_questions(lines)
    if unusable:
        raise SystemExit(f"{len(unusable)} unusable rows, the first: {unusable[0].reason}")
    return rows


def read_clauses(docs: Sequence[Path]) -> tuple[Clause, ...]:
    """Return the clauses that an ingestion of `docs` gives, in the library's order."""
    return tuple(asyncio.run(_ingested(docs)))


async def _ingested(docs: Sequence[Path]) -> list[Clause]:
    with tempfile.TemporaryDirectory(prefix="clausewise-bench-") as folder:
        async with open_library(Settings(data_dir=Path(folder), database_url="")) as library:
            await library.ingest(list(docs))
            return await library.clauses()
