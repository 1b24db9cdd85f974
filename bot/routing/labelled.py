"""The labelled phrasings that routing learns from: phrasings/*.toml, one a line."""

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from bot.config import LANGUAGES
from bot.model import IntentKind

UNNAMED = "unnamed"
_HELD_OUT = 5


@dataclass(frozen=True, slots=True)
class Phrasing:
    """`right` is set for gdpr_request alone; UNNAMED where the request names none. `place` counts from 0."""

    language: str
    text: str
    kind: IntentKind
    right: str = ""
    place: int = 0

    @property
    def label(self) -> str:
        return f"{self.kind}.{self.right}" if self.right else str(self.kind)

    @property
    def group(self) -> int:
        """Phrasings at one place say much the same in every language, so they are held out together."""
        return int(hashlib.sha256(f"{self.label}/{self.place}".encode()).hexdigest(), 16)

    @property
    def held_out(self) -> bool:
        """Whether it is kept for measuring and never learned."""
        return self.group % _HELD_OUT == 0


@cache
def phrasings() -> tuple[Phrasing, ...]:
    """Every phrasing of every language."""
    return tuple(one for language in LANGUAGES for one in _of(language))


def _of(language: str) -> list[Phrasing]:
    text = files("bot.routing").joinpath("phrasings", f"{language}.toml").read_text(encoding="utf-8")
    found = []
    for kind, written in tomllib.loads(text).items():
        sections = written.items() if isinstance(written, dict) else [("", written)]
        for right, lines in sections:
            found += [
                Phrasing(language, line, IntentKind(kind), right, place)
                for place, line in enumerate(lines.strip().splitlines())
            ]
    return found
