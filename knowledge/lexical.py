"""Words against words: lemmas and character n-grams, each under exact BM25, a collection per language.

A question is read in the language of the clauses it is compared with, so that it need not be known
what language it is in, and counts of one language never dilute those of another.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from knowledge import stopwords
from knowledge.bm25 import BM25, Scores
from knowledge.folding import fold_word, words
from knowledge.lemmas import lemma
from knowledge.model import Clause

HEADING_WEIGHT = 1.0
PATH_WEIGHT = 0.5
# Clauses are short and say a thing once: length and repetition mean less than in long documents.
K1, B = 0.8, 0.4
# A question longer than this is a letter; its later words add time and no subject.
MOST_WORDS = 400

GRAM_SIZES = (3, 4, 5)


@lru_cache(maxsize=65536)
def grams(folded: str) -> tuple[str, ...]:
    """Return the character 3- to 5-grams of a word, its boundaries included as spaces."""
    padded = f" {folded} "
    return tuple(padded[at : at + size] for size in GRAM_SIZES for at in range(len(padded) - size + 1))


@lru_cache(maxsize=65536)
def folded_lemma(word: str, language: str) -> str:
    return fold_word(lemma(word, language), language)


def clause_fields(clause: Clause) -> tuple[tuple[str, float], ...]:
    """Return the texts of a clause that are searched, each with its weight."""
    above = clause.path[:-1] if clause.path[-1:] == (clause.heading,) else clause.path
    return (clause.text, 1.0), (clause.heading, HEADING_WEIGHT), (" ".join(above), PATH_WEIGHT)


@dataclass(frozen=True, slots=True)
class QuestionTerms:
    """A question as weighted terms; a word without a subject counts less than one with."""

    lemmas: Mapping[str, float]
    grams: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class LexicalScores:
    """Shares in 0..1 of the question's weight, for each clause in the order of the library."""

    lemmas: Scores
    grams: Scores


class _Collection:
    """The clauses of one language."""

    def __init__(self, clauses: Sequence[Clause], language: str) -> None:
        self._language = language
        self._lemma_of_form: dict[str, str] = {}
        lemmas, parts = [], []
        for clause in clauses:
            lemma_counts: defaultdict[str, float] = defaultdict(float)
            gram_counts: defaultdict[str, float] = defaultdict(float)
            for text, weight in clause_fields(clause):
                self._count(text, weight, lemma_counts, gram_counts)
            lemmas.append(lemma_counts)
            parts.append(gram_counts)
        self._lemmas = BM25(lemmas, k1=K1, b=B)
        self._grams = BM25(parts, k1=K1, b=B)

    def _count(self, text: str, weight: float, lemmas: dict[str, float], parts: dict[str, float]) -> None:
        for word in words(text):
            form, base = fold_word(word, self._language), folded_lemma(word, self._language)
            self._lemma_of_form.setdefault(form, base)
            lemmas[base] += weight
            for gram in grams(form):
                parts[gram] += weight

    def terms(self, question: str, language: str | None) -> QuestionTerms:
        lemmas: dict[str, float] = {}
        parts: dict[str, float] = {}
        for word in list(dict.fromkeys(words(question)))[:MOST_WORDS]:
            form = fold_word(word, self._language)
            weight = stopwords.weight(form, self._language)
            if language is not None:
                weight = min(weight, stopwords.weight(fold_word(word, language), language))
            base = self._base(word, form)
            lemmas[base] = max(lemmas.get(base, 0.0), weight)
            for gram in grams(form):
                parts[gram] = max(parts.get(gram, 0.0), weight)
        return QuestionTerms(lemmas, parts)

    def _base(self, word: str, form: str) -> str:
        """Return the lemma, found by the folded form where the word is typed without its diacritics."""
        base = folded_lemma(word, self._language)
        return base if base in self._lemmas else self._lemma_of_form.get(form, base)

    def scores(self, question: str, language: str | None) -> LexicalScores:
        terms = self.terms(question, language)
        return LexicalScores(_share(self._lemmas, terms.lemmas), _share(self._grams, terms.grams))


def _share(model: BM25, question: Mapping[str, float]) -> Scores:
    return model.scores(question) / (model.ceiling(question) or 1.0)


class LexicalIndex:
    """BM25 over a whole library. Built once for a revision of it, then only read."""

    def __init__(self, clauses: Sequence[Clause]) -> None:
        self._size = len(clauses)
        self._places: dict[str, list[int]] = {}
        for place, clause in enumerate(clauses):
            self._places.setdefault(clause.language, []).append(place)
        self._collections = {
            language: _Collection([clauses[place] for place in places], language)
            for language, places in self._places.items()
        }

        sections: dict[tuple[str, ...], int] = {}
        self._sections = np.array(
            [sections.setdefault((c.document, *(c.path or (c.heading,))), len(sections)) for c in clauses],
            dtype=np.intp,
        )

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(sorted(self._places))

    def places(self, language: str) -> Sequence[int]:
        """Return where the clauses of a language stand in the library's order."""
        return self._places[language]

    def scores(self, question: str, language: str | None) -> LexicalScores:
        """Score every clause for a question; `language` is the question's, where it is known."""
        lemmas, parts = np.zeros(self._size), np.zeros(self._size)
        for clause_language, collection in self._collections.items():
            found = collection.scores(question, language)
            lemmas[self._places[clause_language]] = found.lemmas
            parts[self._places[clause_language]] = found.grams
        return LexicalScores(lemmas, parts)

    def best_of_section(self, scores: Scores) -> Scores:
        """Return for each clause the best score among the clauses that stand under the same headings."""
        best = np.zeros(int(self._sections.max(initial=-1)) + 1)
        np.maximum.at(best, self._sections, scores)
        found: Scores = best[self._sections]
        return found
