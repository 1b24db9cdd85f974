"""Questions that documents of this kind do not settle, and which of them may be learned from.

`open/` has a file a language: far from every clause (how to connect a mailbox), and near (what a clause
could say and practically none does: who signed it, how often it happened, what it is in our own case). What
has nothing to do with any company (a joke, the weather) is `idle`.
"""

import tomllib
from pathlib import Path

from knowledge.encoder.training.corpus import rank
from knowledge.encoder.training.topics import KEPT_OUT_OF, LANGUAGES

FOLDER = Path(__file__).parent / "open"
IDLE = "idle"


def read_outside(folder: Path = FOLDER) -> list[tuple[str, str]]:
    """Return (language, question) of every question, all kinds alike."""
    return [(language, text) for language, _, text in _read(folder)]


def read_idle(folder: Path = FOLDER) -> list[tuple[int, str, str]]:
    """Return (place in `read_outside`, language, question) of those that no company's documents settle."""
    return [
        (place, language, text) for place, (language, kind, text) in enumerate(_read(folder)) if kind == IDLE
    ]


def _read(folder: Path) -> list[tuple[str, str, str]]:
    return [
        (language, kind, text)
        for language in LANGUAGES
        for kind, texts in tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8")).items()
        for text in texts
    ]


def kept_out(question: str) -> bool:
    """One question in three is never learned from, like the topics."""
    return rank(question) % KEPT_OUT_OF == 0
