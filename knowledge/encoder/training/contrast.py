"""Clauses with questions that they answer and questions that they only seem to, written for this project.

`contrast/` has files named for the language of the clauses, and for that of the questions where it is
another: `sl.toml`, `sl_en.toml`. An item's two lists look alike and speak of the same thing: only who reads
the clause can tell them apart. Nothing is taught on them yet: they measure, by `python -m
tests.bench.contrasts`, and one in eight shall never be trained on.
"""

import tomllib
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
        return [
            Contrast(
                questions or clauses,
                clauses,
                ". ".join(item["clause"]),
                tuple(item["answered"]),
                tuple(item["unanswered"]),
            )
            for item in given
        ]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as fault:
        raise ValueError(f"{path.name}: {fault!r}; see the other files for the form") from fault
