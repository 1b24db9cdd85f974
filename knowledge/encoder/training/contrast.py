"""Clauses with questions that they answer and questions that they only seem to, written for this project.

`contrast/` has files named for the language of the clauses, and for that of the questions where it is
another: `sl.toml`, `sl_en.toml`. An item's two lists look alike and speak of the same thing: only who reads
the clause can tell them apart. Some items have two lists more, of English questions. One clause in eight is
never trained on: it measures, here and by `python -m tests.bench.contrasts`.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from knowledge.encoder.training.corpus import rank

FOLDER = Path(__file__).parent / "contrast"
KEPT_OUT_OF, KEPT_OUT = 8, 3


@dataclass(frozen=True, slots=True)
class Contrast:
    """`language` is the questions'; `text` is the clause under its heading."""

    language: str
    clause_language: str
    text: str
    answered: tuple[str, ...]
    unanswered: tuple[str, ...]

    @property
    def kept_out(self) -> bool:
        return rank(self.text) % KEPT_OUT_OF == KEPT_OUT


def read_contrasts(folder: Path = FOLDER) -> list[Contrast]:
    """Return every item of every file; one that lacks something is an error that names its file."""
    return [item for path in sorted(folder.glob("*.toml")) for item in _read(path)]


def _read(path: Path) -> list[Contrast]:
    clauses, _, questions = path.stem.partition("_")
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))["item"]
        return [item for one in given for item in _items(one, clauses, questions or clauses)]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as fault:
        raise ValueError(f"{path.name}: {fault!r}; see the other files for the form") from fault


def _items(given: dict[str, list[str]], clauses: str, questions: str) -> Iterator[Contrast]:
    text = ". ".join(given["clause"])
    yield Contrast(questions, clauses, text, tuple(given["answered"]), tuple(given["unanswered"]))
    if "answered_en" in given:
        yield Contrast("en", clauses, text, tuple(given["answered_en"]), tuple(given["unanswered_en"]))
