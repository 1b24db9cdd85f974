"""Questions beside the clauses that settle them, written for this project: one file a topic.

A topic has, in each of the product's five languages, clauses as two different documents would put
them, questions that either clause settles, and questions beside the point that neither does. How often
companies' documents settle it at all stands in `settled.toml`.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from knowledge.encoder.training.corpus import rank

FOLDER = Path(__file__).parent / "topics"
LANGUAGES = ("sl", "lt", "et", "bg", "en")
# One topic in so many is never trained on, in any language: what it scores is what carries over.
KEPT_OUT_OF = 3


@dataclass(frozen=True, slots=True)
class Side:
    """A topic in one language. A clause is its heading and its text."""

    clauses: tuple[tuple[str, str], ...]
    questions: tuple[str, ...]
    beside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    sides: dict[str, Side]
    settled: int = 10
    """How many of ten companies' documents settle its questions, as far as can be judged without any."""

    @property
    def kept_out(self) -> bool:
        return rank(self.name) % KEPT_OUT_OF == 0


def read_topics(folder: Path = FOLDER) -> list[Topic]:
    """Return all topics by name; a file that lacks something is an error that names it."""
    settled = tomllib.loads((FOLDER.parent / "settled.toml").read_text(encoding="utf-8"))
    return [_read(path, settled) for path in sorted(folder.glob("*.toml"))]


def _read(path: Path, settled: dict[str, int]) -> Topic:
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
        sides = {
            language: Side(
                tuple((heading, text) for heading, text in given[language]["clauses"]),
                tuple(given[language]["questions"]),
                tuple(given[language]["beside"]),
            )
            for language in LANGUAGES
        }
    except (tomllib.TOMLDecodeError, KeyError, ValueError) as fault:
        raise ValueError(f"{path.name}: {fault!r}; see the other topics for the form") from fault
    if path.stem not in settled:
        raise ValueError(f"{path.name}: settled.toml does not say how often documents settle it")
    return Topic(path.stem, sides, settled[path.stem])
