"""Questions that documents of this kind do not settle, and which of them may be learned from.

`open/` has a file a language: far from every clause (how to connect a mailbox), and near (what a clause
could say and practically none does: who signed it, how often it happened, what it is in our own case).
"""

import tomllib
from pathlib import Path

from knowledge.encoder.training.corpus import rank
from knowledge.encoder.training.topics import KEPT_OUT_OF, LANGUAGES

FOLDER = Path(__file__).parent / "open"


def read_outside(folder: Path = FOLDER) -> list[tuple[str, str]]:
    """Return (language, question) of every question, all kinds alike."""
    return [
        (language, text)
        for language in LANGUAGES
        for texts in tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8")).values()
        for text in texts
    ]


def kept_out(question: str) -> bool:
    """One question in three is never learned from, like the topics."""
    return rank(question) % KEPT_OUT_OF == 0
