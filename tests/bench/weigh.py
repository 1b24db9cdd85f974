"""`python -m tests.bench.weigh`: learn what weighs how much, and when the documents do not say.

Questions: those of topics that the encoder was not taught, asked of the sample documents, which settle
some of them (`coverage.toml`); questions beside every topic and outside all of them; the samples' own
question sets; and sets given with --docs and --questions. Each language is left out in turn.
"""

import argparse
import asyncio
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.config import Settings
from bot.shelf import SAMPLES, open_library
from knowledge import confidence, fusion
from knowledge.bm25 import Scores
from knowledge.encoder.static import shipped
from knowledge.encoder.training.kinds import group_of
from knowledge.encoder.training.outside import kept_out, read_outside
from knowledge.encoder.training.topics import FOLDER, LANGUAGES, read_topics
from knowledge.evaluation import is_hit, read_questions
from knowledge.fusion import Features
from knowledge.kinds import shipped_kinds
from knowledge.lexical import LexicalIndex
from knowledge.model import Clause
from knowledge.semantic import SemanticIndex
from tests.bench.__main__ import QUESTIONS
from tests.bench.logistic import Logistic, fit_choice, fit_logistic

DATA = FOLDER.parent


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

    def evidence(self, asked: Asked, table: Features, weights: fusion.Weights) -> confidence.Evidence:
        scores = weights(table) - fusion.OTHER_LANGUAGE * self.foreign(asked.language)
        order = np.argsort(-scores, kind="stable")[:50]
        meaning = self.semantic.read(asked.text)
        kind = None
        if meaning is not None and asked.group is not None:
            kind = shipped_kinds().log_odds(meaning.direction, apart_from=asked.group)
        return confidence.evidence(
            self.semantic,
            meaning,
            asked.text,
            self.clauses,
            self.places[order],
            table[order],
            scores[order],
            kind,
        )


async def ingested(folder: Path) -> list[Clause]:
    with tempfile.TemporaryDirectory(prefix="clausewise-weigh-") as data:
        async with open_library(Settings(data_dir=Path(data), database_url="")) as library:
            await library.ingest([folder])
            return await library.clauses()


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


def from_rows(library: Library, files: Sequence[Path], source: str) -> Iterator[Asked]:
    documents = np.array([clause.document for clause in library.clauses])
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    for row in read_questions(lines)[0]:
        hits = np.array([row.answerable and is_hit(clause, row) for clause in library.clauses])
        own = library.languages == row.language
        inside = documents == row.document
        # A translation in another document is as right an answer: those rows are ranked in their own.
        scope = own if (own & inside).any() or not inside.any() else inside
        yield Asked(row.text, row.language, hits, scope, source)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.weigh", description=__doc__)
    parser.add_argument("--docs", type=Path, help="a folder of documents of your own")
    parser.add_argument("--questions", type=Path, action="append", default=[], help="questions on them")
    given = parser.parse_args()
    samples = Library(asyncio.run(ingested(SAMPLES)))
    asked = [(samples, one) for one in (*from_topics(samples), *from_rows(samples, QUESTIONS, "samples"))]
    if given.docs:
        own = Library(asyncio.run(ingested(given.docs)))
        asked += [(own, one) for one in from_rows(own, given.questions, "given")]
    tables = [library.table(one.text, one.language) for library, one in asked]
    weights = weigh(asked, tables)
    believe(asked, tables, weights)


def weigh(asked: Sequence[tuple[Library, Asked]], tables: Sequence[Features]) -> fusion.Weights:
    """Learn the fusion weights; print what each left-out language scores."""
    rows = [
        (table[one.scope], one.hits[one.scope], one)
        for (_, one), table in zip(asked, tables, strict=True)
        if one.hits.any()
    ]
    # Each source counts alike, however many questions it has.
    share = {
        source: 1 / sum(one.source == source for _, _, one in rows)
        for _, _, one in rows
        for source in [one.source]
    }

    def learn(kept: Sequence[tuple[Features, np.ndarray[tuple[int], np.dtype[np.bool_]], Asked]]) -> Scores:
        return fit_choice([(table, hits, share[one.source]) for table, hits, one in kept])

    ranks: dict[str, list[int]] = {}
    for language in LANGUAGES:
        learned = learn([row for row in rows if row[2].language != language])
        for table, hits, one in rows:
            if one.language == language:
                scores = table @ learned
                ranks.setdefault(one.source, []).append(1 + int((scores > scores[hits].max()).sum()))
    for source, found in ranks.items():
        first, five = np.mean(np.array(found) == 1), np.mean(np.array(found) <= 5)
        print(
            f"{source}: {len(found)} answerable, each language left out: hit@1 {first:.3f}, hit@5 {five:.3f}"
        )
    learned = learn(rows)
    print(", ".join(f"{name}={value:.2f}" for name, value in zip(fusion.NAMES, learned, strict=True)))
    return fusion.Weights(*(round(float(value), 2) for value in learned))


def believe(
    asked: Sequence[tuple[Library, Asked]], tables: Sequence[Features], weights: fusion.Weights
) -> None:
    """Learn the confidence; print what each threshold would withhold."""
    seen = np.array(
        [
            confidence.as_row(library.evidence(one, table, weights))
            for (library, one), table in zip(asked, tables, strict=True)
        ]
    )
    answered = np.array([bool(one.hits.any()) for _, one in asked])
    sources = np.array([one.source for _, one in asked])
    spoken = np.array([one.language for _, one in asked])
    # As in life: most of what is asked has an answer, and of what has none half is near and half far.
    counts = {"topics": 1.0, "beside": 0.15, "outside": 0.15, "samples": 1.0, "given": 1.0}
    shares = np.array([counts[source] / (sources == source).sum() for source in sources])

    def learn(kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Logistic:
        return fit_logistic(seen[kept], answered[kept], shares[kept])

    chances = np.zeros(len(asked))
    for language in LANGUAGES:
        left = spoken == language
        chances[left] = learn(~left)(seen[left])
    for source in ("samples", "given", "all"):
        chosen = np.ones(len(asked), dtype=np.bool_) if source == "all" else sources == source
        if chosen.any():
            _print_thresholds(source, chances[chosen], answered[chosen])
    final = learn(np.ones(len(asked), dtype=np.bool_))
    print(
        ", ".join(f"{name}={value:.3f}" for name, value in zip(confidence.NAMES, final.weights, strict=True))
    )
    print(f"bias={final.bias:.3f}")


def _print_thresholds(
    source: str, chances: Scores, answered: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> None:
    for threshold in np.arange(0.2, 0.85, 0.05):
        said = chances < threshold
        right = int((said & ~answered).sum())
        print(
            f"{source}: not found below {threshold:.2f}: precision {right / max(int(said.sum()), 1):.2f}, "
            f"recall {right / max(int((~answered).sum()), 1):.2f}, "
            f"withheld {int((said & answered).sum())} of {int(answered.sum())}"
        )


if __name__ == "__main__":
    main()
