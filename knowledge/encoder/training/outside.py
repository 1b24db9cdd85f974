"""Questions that documents of this kind do not settle, and which of them may be learned from."""

import tomllib
from pathlib import Path

from knowledge.encoder.training.corpus import rank
from knowledge.encoder.training.topics import FOLDER, KEPT_OUT_OF, LANGUAGES

FILE = FOLDER.parent / "outside.toml"


def read_outside(file: Path = FILE) -> list[tuple[str, str]]:
    """Return (language, question) of every question, all kinds alike."""
    given = tomllib.loads(file.read_text(encoding="utf-8"))
    return [
        (language, text) for language in LANGUAGES for texts in given[language].values() for text in texts
    ]


def kept_out(question: str) -> bool:
    """One question in three is never learned from, like the topics."""
    return rank(question) % KEPT_OUT_OF == 0
