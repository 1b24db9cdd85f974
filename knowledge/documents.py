"""A source text -> a document ready to be stored: cleaned, split, with title, language and date."""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath

from knowledge.clauses import Piece, split
from knowledge.cleaning import clean, notes
from knowledge.dates import parse_date, stated_date
from knowledge.errors import LoadError
from knowledge.lemmas import languages_with_lemmas
from knowledge.model import SourceText
from knowledge.ports import LanguageDetector
from knowledge.segments import squeeze

RULES = "3"
"""Raise it when cleaning or splitting changes: files that did not change are then split anew."""

UNDETERMINED = "und"
"""ISO 639-2 for a language that could not be told."""

_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(.*?)\n---[ \t]*(?=\n|\Z)", re.S)
_ENTRY = re.compile(r"^([A-Za-z_-]+)\s*:\s*(.+?)\s*$", re.M)
_NEAR_ENDS = 6
_AT_ONCE = 1 << 20
_ALIASES = {"hr": "hbs", "sr": "hbs", "bs": "hbs"}


@dataclass(frozen=True, slots=True)
class Document:
    """`stated` is the date that the document itself gives for its wording."""

    name: str
    title: str
    language: str
    stated: date | None
    content_hash: str
    pieces: tuple[Piece, ...]
    notes: tuple[str, ...]


def content_hash(source: SourceText) -> str:
    hashed = hashlib.sha256(f"{RULES}\0".encode())
    for start in range(0, len(source.text), _AT_ONCE):
        hashed.update(source.text[start : start + _AT_ONCE].encode("utf-8", "replace"))
    return hashed.hexdigest()


def read_document(source: SourceText, detector: LanguageDetector) -> Document:
    """Clean and split a source text. Raises LoadError when nothing of a document is left."""
    matter, text = _front_matter(source.text)
    cleaned = clean(text)
    language = _language(matter, cleaned.text, detector)
    parts = split(cleaned.text, markdown=source.markdown, language=language, contents=cleaned.contents)
    if not parts.pieces:
        raise LoadError(
            "No clause in it: only headings, or what surrounds a document on a page. Check the file."
        )
    return Document(
        name=source.name,
        title=matter.get("title") or parts.title or _readable(source.name),
        language=language,
        stated=_stated(matter, cleaned.text),
        content_hash=content_hash(source),
        pieces=parts.pieces,
        notes=(*source.notes, *notes(cleaned.cuts), *parts.notes, *_weaknesses(language)),
    )


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    """Take "---" lines with `key: value` off the beginning. Their lines stay, blank, so that numbers hold."""
    match = _FRONT_MATTER.match(text)
    entries = _ENTRY.findall(match.group(1)) if match else []
    if match is None or len(entries) != len([line for line in match.group(1).split("\n") if line.strip()]):
        return {}, text
    matter = {key.casefold(): value.strip("\"'") for key, value in entries}
    return matter, "\n" * match.group().count("\n") + text[match.end() :]


def _language(matter: dict[str, str], text: str, detector: LanguageDetector) -> str:
    stated = (matter.get("language") or matter.get("lang") or "").casefold()
    if re.fullmatch(r"[a-z]{2}", stated):
        return stated
    return detector.detect(text) or UNDETERMINED


def _stated(matter: dict[str, str], text: str) -> date | None:
    for key in ("version_date", "date", "updated", "effective"):
        if key in matter and (found := parse_date(matter[key])):
            return found
    lines = [squeeze(line.strip("*_# ")) for line in text.split("\n") if line.strip()]
    return stated_date([*lines[:_NEAR_ENDS], *lines[-_NEAR_ENDS:]])


def _weaknesses(language: str) -> tuple[str, ...]:
    if language == UNDETERMINED:
        return (
            "the language could not be told: name it in front matter, or questions may not find this file",
        )
    if _ALIASES.get(language, language) not in languages_with_lemmas():
        return (
            f'no dictionary for the language "{language}": inflected words are matched by their letters only',
        )
    return ()


def _readable(name: str) -> str:
    return squeeze(PurePath(name).stem.replace("_", " ")) or name
