"""Questions put to a library as the benchmarks put them: with what would be a hit, and what was found."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge import confidence, fusion
from knowledge.bm25 import Places, Scores
from knowledge.encoder.static import shipped
from knowledge.encoder.training.kinds import group_of
from knowledge.encoder.training.outside import kept_out, read_idle, read_outside
from knowledge.encoder.training.topics import FOLDER, LANGUAGES, read_topics
from knowledge.fusion import Features
from knowledge.kinds import shipped_kinds
from knowledge.lexical import LexicalIndex
from knowledge.model import Clause
from knowledge.rereading import READ, WEIGHT, reread
from knowledge.semantic import SemanticIndex
from tests.bench.given import read_clauses, read_rows
from tests.bench.marks import answers

DATA = FOLDER.parent
# Documents of invented companies, a folder each, with questions that are hard the way real ones are.
LIBRARIES = Path(__file__).with_name("libraries")
# Questions on five real documents, which are given with --docs; their gold strings are marks.
WRITTEN = Path(__file__).with_name("rows.jsonl")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question put to a library. `hits` are empty where the library does not answer; None in `ranked`
    rows means that any clause that is not a hit may still be one.
    """

    text: str
    language: str
    hits: np.ndarray[tuple[int], np.dtype[np.bool_]]
    scope: np.ndarray[tuple[int], np.dtype[np.bool_]]
    source: str
    group: int | None = None
    """Among the written questions, those that must not speak for this one."""


class Library:
    def __init__(self, clauses: Sequence[Clause]) -> None:
        self.clauses = tuple(clauses)
        self.lexical = LexicalIndex(self.clauses)
        self.semantic = SemanticIndex(self.clauses, shipped())
        self.places = np.arange(len(self.clauses))
        self.languages = np.array([clause.language for clause in self.clauses])

    def table(self, question: str, language: str) -> Features:
        lexical = self.lexical.scores(question, language)
        meaning = self.semantic.read(question)
        return fusion.features(
            lexical,
            self.lexical.best_of_section(fusion.lexical_mean(lexical)),
            self.semantic.scores(meaning, self.places) if meaning is not None else None,
        )

    def foreign(self, language: str) -> Scores:
        if language not in self.lexical.languages:
            return np.zeros(len(self.clauses))
        foreign: Scores = (self.languages != language).astype(np.float64)
        return foreign

    def order(
        self, asked: Asked, table: Features, weights: fusion.Weights, *, weight: float = WEIGHT
    ) -> tuple[Places, Scores, Scores]:
        """Return (places, their scores, the reader's log odds of the first), as a search orders them."""
        scores = weights(table) - fusion.OTHER_LANGUAGE * self.foreign(asked.language)
        places = self.places[np.argsort(-scores, kind="stable")[:50]]
        scores = scores[places]
        again = reread(asked.text, [self.clauses[place] for place in places[:READ]], scores, weight=weight)
        places[: len(again.order)] = places[again.order]
        return places, scores, again.odds

    def evidence(self, asked: Asked, table: Features, weights: fusion.Weights) -> confidence.Evidence:
        places, scores, odds = self.order(asked, table, weights)
        meaning = self.semantic.read(asked.text)
        kind = None
        if meaning is not None and asked.group is not None:
            kind = shipped_kinds().log_odds(meaning.direction, apart_from=asked.group)
        shown = [self.clauses[place] for place in places[: confidence.SHOWN]]
        return confidence.evidence(meaning, asked.text, shown, table[places], scores, odds, kind)


def from_topics(library: Library) -> Iterator[Asked]:
    """Questions that nothing was taught with: of topics kept out, and a third of those outside."""
    covered = tomllib.loads((DATA / "coverage.toml").read_text(encoding="utf-8"))
    nothing = np.zeros(len(library.clauses), dtype=np.bool_)
    anchors = np.array([clause.anchor or "" for clause in library.clauses])
    topics = read_topics()
    for number, topic in enumerate(topics):
        settled = covered.get(topic.name, "unclear")
        for language in LANGUAGES:
            own = library.languages == language
            side = topic.sides[language]
            if topic.kept_out and settled != "unclear":
                hits = np.isin(anchors, settled) & own
                yield from (Asked(text, language, hits, own, "topics", number) for text in side.questions)
            if topic.kept_out:
                yield from (Asked(text, language, nothing, own, "beside", number) for text in side.beside)
    for number, (language, text) in enumerate(read_outside()):
        if kept_out(text):
            group = group_of(topics, number)
            yield Asked(text, language, nothing, library.languages == language, "outside", group)


def from_idle(libraries: Sequence[Library]) -> Iterator[tuple[Library, Asked]]:
    """Ask each what has nothing to do with any company; a third, `idle, kept out`, is only measured."""
    topics, idle = read_topics(), read_idle()
    for library in libraries:
        nothing = np.zeros(len(library.clauses), dtype=np.bool_)
        for place, language, text in idle:
            source = "idle, kept out" if kept_out(text) else "idle"
            yield library, Asked(text, language, nothing, ~nothing, source, group_of(topics, place))


def from_libraries() -> Iterator[tuple[Library, Asked]]:
    """Ask every library what was written for it."""
    for folder in sorted(path for path in LIBRARIES.iterdir() if path.is_dir()):
        library = Library(read_clauses([folder]))
        for one in from_rows(library, [folder / "questions.jsonl"], "libraries"):
            yield library, one


def from_rows(library: Library, files: Sequence[Path], source: str) -> Iterator[Asked]:
    documents = np.array([clause.document for clause in library.clauses])
    for row in read_rows(files):
        hits = np.array([answers(clause, row) for clause in library.clauses])
        own = library.languages == row.language
        inside = documents == row.document
        # A translation in another document is as right an answer: those rows are ranked in their own.
        scope = own if (own & inside).any() or not inside.any() else inside
        yield Asked(row.text, row.language, hits, scope, source)
