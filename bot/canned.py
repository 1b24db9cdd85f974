"""Replies that staff have ready: CANNED_FILE, a table for each with its text in one language or more."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.config import LANGUAGES
from bot.errors import ConfigurationError, UsageError
from bot.messages import product_language


@dataclass(frozen=True, slots=True)
class Canned:
    """`texts`: by name, then by language."""

    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def text(self, name: str, language: str) -> str:
        """Raises UsageError where there is no such reply, or none in this language: staff choose, not we."""
        found = self.texts.get(name.strip())
        if found is None:
            known = (
                f"there are: {', '.join(sorted(self.texts))}"
                if self.texts
                else "set CANNED_FILE to have some"
            )
            raise UsageError(f"no canned reply {name!r}; {known}")
        text = found.get(product_language(language))
        if text is None:
            raise UsageError(
                f"the canned reply {name!r} is not written in {language!r}, only in {_list(found)}"
            )
        return text


def load_canned(path: Path | None) -> Canned:
    """Read CANNED_FILE. Raises ConfigurationError, which names the file and what is wrong with it."""
    if path is None:
        return Canned()
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"CANNED_FILE: {path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"CANNED_FILE: {path}: is not TOML in UTF-8 ({error})") from error
    for name, texts in read.items():
        if not isinstance(texts, dict) or not texts:
            raise ConfigurationError(f"CANNED_FILE: {path}: {name} must be a table such as [{name}]")
        for language, text in texts.items():
            if language not in LANGUAGES or not isinstance(text, str) or not text.strip():
                what = f"a text for one of {', '.join(LANGUAGES)}"
                raise ConfigurationError(f"CANNED_FILE: {path}: {name}.{language} must be {what}")
    return Canned(read)


def _list(texts: Mapping[str, str]) -> str:
    return ", ".join(sorted(texts))
