"""Ways to rank clauses, all made of the product's own parts: `tests.bench.compare` sets them side by side.

Lemmas and n-grams are indexed and scored together by the product, and a best sentence with all else that
the encoder says: what takes the product's time is in each of their times.
"""

import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge import fusion
from knowledge.bm25 import BM25, Scores, best
from knowledge.encoder.static import shipped
from knowledge.evaluation import Search
from knowledge.exact import ClauseVectors
from knowledge.folding import fold_word, words
from knowledge.index import IndexHolder
from knowledge.lexical import K1, B, LexicalIndex, clause_fields
from knowledge.model import Clause, Passage, SearchResult
from knowledge.retrieval import Retriever
from knowledge.semantic import SemanticIndex


@dataclass(frozen=True, slots=True)
class Text:
    """A document as it was loaded, before anything is cut away or into clauses."""

    document: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Corpus:
    clauses: tuple[Clause, ...]
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Method:
    """`build` makes a search over a corpus. `knows_language`: it prefers the question's language itself.

    `needs` are (module, package) that must be importable; the packages are no dependencies.
    """

    name: str
    build: Callable[[Corpus], Awaitable[Search]]
    knows_language: bool = False
    needs: tuple[tuple[str, str], ...] = ()


class Fixed:
    """A library in memory that never changes."""

    def __init__(self, clauses: Sequence[Clause]) -> None:
        self._clauses = list(clauses)

    async def clauses(self) -> list[Clause]:
        return self._clauses

    async def revision(self) -> int:
        return 1


def by_scores(clauses: Sequence[Clause], score: Callable[[str, str | None], Scores]) -> Search:
    """Rank `clauses` by `score(question, language)`, which has a number for each of them."""

    async def search(question: str, *, language: str | None, count: int) -> SearchResult:
        found = best(score(question, language), min(count, len(clauses)))
        return SearchResult("found", tuple(Passage(clauses[place], 0.0) for place in found))

    return search


async def plain_words(corpus: Corpus) -> Search:
    """One BM25 over all clauses, words only folded: what a text search without a language does."""
    counts = []
    for clause in corpus.clauses:
        found: Counter[str] = Counter()
        for text, _ in clause_fields(clause):
            found.update(fold_word(word, clause.language) for word in words(text))
        counts.append({term: float(count) for term, count in found.items()})
    model = BM25(counts, k1=K1, b=B)

    def score(question: str, language: str | None) -> Scores:
        return model.scores({fold_word(word, language or ""): 1.0 for word in words(question)})

    return by_scores(corpus.clauses, score)


async def lemmas(corpus: Corpus) -> Search:
    index = LexicalIndex(corpus.clauses)
    return by_scores(corpus.clauses, lambda question, language: index.scores(question, language).lemmas)


async def character_grams(corpus: Corpus) -> Search:
    index = LexicalIndex(corpus.clauses)
    return by_scores(corpus.clauses, lambda question, language: index.scores(question, language).grams)


async def fused_words(corpus: Corpus) -> Search:
    """What the product has where the encoder knows no word of a question."""
    index, weights = LexicalIndex(corpus.clauses), fusion.Weights()

    def score(question: str, language: str | None) -> Scores:
        found = index.scores(question, language)
        section = index.best_of_section(fusion.lexical_mean(found))
        return weights(fusion.features(found, section, None))

    return by_scores(corpus.clauses, score)


async def whole_clauses(corpus: Corpus) -> Search:
    encoder = shipped()
    matrix = ClauseVectors(encoder).matrix(corpus.clauses)

    def score(question: str, _language: str | None) -> Scores:
        cosines: Scores = (matrix @ encoder.encode([question])[0]).astype(np.float64)
        return cosines

    return by_scores(corpus.clauses, score)


async def best_sentences(corpus: Corpus) -> Search:
    index, places = SemanticIndex(corpus.clauses, shipped()), np.arange(len(corpus.clauses))

    def score(question: str, _language: str | None) -> Scores:
        meaning = index.read(question)
        return np.zeros(len(places)) if meaning is None else index.scores(meaning, places).sentence

    return by_scores(corpus.clauses, score)


async def everything(corpus: Corpus) -> Search:
    """The product's search as it is, by exact comparison and without a database."""
    retriever = Retriever(IndexHolder(Fixed(corpus.clauses), shipped()))
    await retriever.warm()
    return retriever.search


PRODUCT = (
    Method("BM25 on words", plain_words),
    Method("BM25 on lemmas", lemmas),
    Method("BM25 on character 3- to 5-grams", character_grams),
    Method("encoder alone, whole clause", whole_clauses),
    Method("encoder alone, best sentence", best_sentences),
    Method("words alone, fused", fused_words),
    Method("everything, fused: the product", everything, knows_language=True),
)


def own_first(search: Search) -> Search:
    """Put what a search finds in the question's language before the rest, else in its order."""

    async def ordered(question: str, *, language: str | None, count: int) -> SearchResult:
        result = await search(question, language=language, count=sys.maxsize)
        passages = sorted(result.passages, key=lambda passage: passage.clause.language != language)
        return SearchResult(result.answer, tuple(passages[:count]))

    return ordered
