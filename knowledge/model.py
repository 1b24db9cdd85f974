"""The values that knowledge works with. None of them is a table row; `tables.py` has those."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class SourceText:
    """A file as loaded: decoded and with line ends made equal, before anything is cut away.

    `markdown`: headings, lists and tables are marked in the text as Markdown marks them.
    """

    name: str
    text: str
    notes: tuple[str, ...] = ()
    markdown: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """The smallest unit that a lawyer would cite.

    `document` is the file's name, `title` what people call it, `path` the headings above it from the
    outermost in (its own `heading` last), `ordinal` its place in the document from 0. `text` is the
    source's characters in order, only white space changed. `anchor` is shared by translations.
    """

    clause_id: str
    document: str
    title: str
    version: int
    version_date: date
    anchor: str | None
    heading: str
    path: tuple[str, ...]
    ordinal: int
    language: str
    text: str
    content_hash: str

    @property
    def headed(self) -> str:
        """The text under its heading, as it is read."""
        return f"{self.heading}. {self.text}"


@dataclass(frozen=True, slots=True)
class Passage:
    """A clause that retrieval found. `score` is in 0..1, higher is nearer."""

    clause: Clause
    score: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The nearest passages, best first, and whether the first of them are taken to answer.

    `probability` that they do is calibrated; `doubtful` are the cases of `not_found` that lie so near
    that the customer is asked whether one of the passages is meant.
    """

    answer: Literal["found", "not_found"]
    passages: tuple[Passage, ...]
    probability: float = 0.0
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Citation:
    """A clause as it is shown: the quote is verbatim from it."""

    clause: Clause
    quote: str
    other_language: bool = False


@dataclass(frozen=True, slots=True)
class Grounded:
    """An answer that quotes. The first citation settles the question, the others support it."""

    citations: tuple[Citation, ...]
    language: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """The documents do not say. `nearest` are the passages closest to the question, best first; where they
    are `choices`, one of them may be meant after all, and the customer can tell.
    """

    nearest: tuple[Passage, ...]
    language: str
    choices: bool = False


Answer = Grounded | NotFound


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file of an ingestion."""

    name: str
    status: Literal["added", "changed", "unchanged", "moved", "refused", "retired", "missing"]
    language: str | None = None
    clauses: int = 0
    changed_clauses: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IngestReport:
    files: tuple[FileOutcome, ...]
    revision: int = 0
    missing: tuple[str, ...] = field(default=())
