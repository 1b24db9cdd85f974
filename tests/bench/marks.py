"""Where an answer stands in a document that may not be copied: by a digest of the words instead of the words.

A mark is `length:digest` of the gold string without its white space; a clause holds it if any run of so many
of its characters has that digest. `python -m tests.bench.marks FILE` turns the gold strings of a question set
into marks.
"""

import argparse
import json
import re
import sys
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from knowledge.evaluation import Question, bare, is_hit
from knowledge.model import Clause

_MARK = re.compile(r"(\d+):([0-9a-f]{16})")


def mark(gold: str) -> str:
    """Return the mark of a gold string.

    >>> mark("within 15 days") == mark("within  15\\ndays")
    True
    """
    said = bare(gold)
    return f"{len(said)}:{_digest(said)}"


def answers(clause: Clause, row: Question) -> bool:
    """Whether a clause answers a row, whose gold strings may be marks."""
    if not row.answerable or clause.document != row.document:
        return False
    marks = [found for gold in row.gold if (found := _MARK.fullmatch(gold))]
    if not marks:
        return is_hit(clause, row)
    said = bare(clause.heading + clause.text)
    return any(found[2] in _runs(said, int(found[1])) for found in marks)


@lru_cache(maxsize=4096)
def _runs(said: str, length: int) -> frozenset[str]:
    return frozenset(_digest(said[at : at + length]) for at in range(len(said) - length + 1))


def _digest(said: str) -> str:
    return blake2b(said.encode(), digest_size=8).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.marks", description=__doc__)
    parser.add_argument("file", type=Path, help="a question set with gold strings; printed with marks")
    for line in parser.parse_args().file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if "gold" in row:
            row["gold"] = [mark(gold) for gold in row["gold"]]
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
