"""Dictionary forms of words, for the languages that have a dictionary; nothing is downloaded.

simplemma brings the dictionaries. Read as they come, those of the product's five languages take 1.8 s and
45 MB; as tries, prepared once by `python -m knowledge.lemmas` (which `make setup` calls), no time to speak
of. Both say the same; a language without a prepared trie is read as it comes.
"""

import os
import sys
import threading
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Protocol

PREPARED = ("en", "sl", "lt", "et", "bg")


class _Lemmatizer(Protocol):
    def lemmatize(self, token: str, lang: str) -> str: ...


_loading = threading.Lock()


class _Dictionaries:
    """simplemma's `DictionaryFactory`: the prepared trie where there is one, else its own stream.

    It is asked several times a word, and looks at the disk once a language.
    """

    def __init__(self, folder: Path) -> None:
        from simplemma.strategies.dictionaries import StreamDictionaryFactory, TrieDictionaryFactory

        self._folder = folder
        self._tries = TrieDictionaryFactory(cache_max_size=16, disk_cache_dir=str(folder))
        self._streams = StreamDictionaryFactory(cache_max_size=16)
        self._loaded: dict[str, Mapping[str, str]] = {}

    def get_dictionary(self, lang: str) -> Mapping[str, str]:
        found = self._loaded.get(lang)
        if found is None:
            prepared = (self._folder / f"{lang}.dic").exists()
            found = (self._tries if prepared else self._streams).get_dictionary(lang)
            self._loaded[lang] = found
        return found


def tries_folder() -> Path:
    """Where prepared tries lie: beside the installed packages, which no user's data touches."""
    from simplemma import __version__

    return Path(sys.prefix) / "share" / "clausewise" / "lemmas" / __version__


@lru_cache(maxsize=1)
def _lemmatizer() -> _Lemmatizer:
    from simplemma import Lemmatizer
    from simplemma.strategies import DefaultStrategy

    made: _Lemmatizer = Lemmatizer(
        lemmatization_strategy=DefaultStrategy(dictionary_factory=_Dictionaries(tries_folder()))
    )
    return made


@lru_cache(maxsize=1)
def languages_with_lemmas() -> frozenset[str]:
    """Return the ISO 639-1 codes of the languages whose words have dictionary forms here."""
    from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES

    return frozenset(SUPPORTED_LANGUAGES)


@lru_cache(maxsize=65536)
def lemma(word: str, language: str) -> str:
    """Return the dictionary form of a word in lower case, or the word where none is known."""
    lowered = word.lower()
    if language not in languages_with_lemmas() or not lowered.isalpha():
        return lowered
    with _loading:
        return _lemmatizer().lemmatize(lowered, lang=language).lower()


def warm(languages: Iterable[str]) -> None:
    """Load the dictionaries of some languages, so that the first question need not wait for them."""
    for language in languages:
        lemma("a", language)


def prepare(folder: Path, languages: Iterable[str] = PREPARED) -> list[str]:
    """Write the tries that are not there yet, and return their languages.

    Takes seconds a language and up to half a gigabyte of memory while it runs. A trie appears whole or not
    at all, so that it may be prepared while the product runs.
    """
    from simplemma.strategies.dictionaries import TrieDictionaryFactory

    missing = [language for language in languages if not (folder / f"{language}.dic").exists()]
    scratch = folder / f"preparing-{os.getpid()}"
    for language in missing:
        TrieDictionaryFactory(cache_max_size=1, disk_cache_dir=str(scratch)).get_dictionary(language)
        os.replace(scratch / f"{language}.dic", folder / f"{language}.dic")
    if missing:
        scratch.rmdir()
    return missing


if __name__ == "__main__":
    for name in prepare(tries_folder()):
        print(f"prepared the dictionary of {name}")
