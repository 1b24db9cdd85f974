"""Words against words: lemmas and character n-grams, each under exact BM25, a collection per language.

A question is read in the language of the clauses it is compared with, so that it need not be known
what language it is in, and counts of one language never dilute those of another.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import repeat

import numpy as np

from knowledge import stopwords
from knowledge.bm25 import BM25, Counted, Counts, Places, Scores
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

# Clauses are counted this many at a time, which bounds what a build holds beside the postings.
PART = 2000


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


class _Vocabulary(dict[str, int]):
    """Terms numbered in the order in which they are first met."""

    def __missing__(self, term: str) -> int:
        number = self[term] = len(self)
        return number


class _Words:
    """Every distinct word of a collection with its number, its lemma and its n-grams.

    A word is folded, looked up and cut into n-grams once, however many clauses have it.
    """

    def __init__(self, language: str) -> None:
        self._language = language
        self.numbers: dict[str, int] = {}
        self.lemma_of_form: dict[str, str] = {}
        self.lemmas, self.grams = _Vocabulary(), _Vocabulary()
        self._lemma: list[int] = []
        self._grams: list[int] = []
        self._starts = [0]

    def number(self, word: str) -> int:
        found = self.numbers.get(word)
        if found is None:
            found = self.numbers[word] = len(self.numbers)
            form = fold_word(word, self._language)
            base = fold_word(lemma(word, self._language), self._language)
            self.lemma_of_form.setdefault(form, base)
            self._lemma.append(self.lemmas[base])
            self._grams.extend(self.grams[gram] for gram in grams(form))
            self._starts.append(len(self._grams))
        return found

    def counts(self, part: "_Part") -> tuple[Counts, Counts]:
        """Return the counts of lemmas and of n-grams behind counts of words."""
        numbers = np.array(part.words, dtype=np.int32)
        documents = np.array(part.documents, dtype=np.int32)
        weights = np.array(part.weights, dtype=np.float32)
        lemmas = Counts.summed(np.array(self._lemma, dtype=np.int32)[numbers], documents, weights)
        starts = np.array(self._starts, dtype=np.int64)
        lengths = np.diff(starts)[numbers]
        ends = np.cumsum(lengths)
        total = int(ends[-1]) if len(ends) else 0
        at = np.arange(total) + np.repeat(starts[numbers] - ends + lengths, lengths)
        cut = np.array(self._grams, dtype=np.int32)[at]
        return lemmas, Counts.summed(cut, np.repeat(documents, lengths), np.repeat(weights, lengths))


@dataclass(slots=True)
class _Part:
    """Some clauses as (word, clause, weight)."""

    words: list[int] = field(default_factory=list)
    documents: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def add(self, place: int, clause: Clause, known: _Words) -> None:
        counts: defaultdict[str, float] = defaultdict(float)
        for text, weight in clause_fields(clause):
            for word in words(text):
                counts[word] += weight
        self.words.extend(map(known.number, counts))
        self.documents.extend(repeat(place, len(counts)))
        self.weights.extend(counts.values())


class _Collection:
    """The clauses of one language."""

    def __init__(self, clauses: Sequence[Clause], language: str) -> None:
        self._language = language
        known = _Words(language)
        lemmas, parts = [], []
        for start in range(0, len(clauses), PART):
            part = _Part()
            for place, clause in enumerate(clauses[start : start + PART], start):
                part.add(place, clause, known)
            of_lemmas, of_grams = known.counts(part)
            lemmas.append(of_lemmas)
            parts.append(of_grams)
        self._lemma_of_form = known.lemma_of_form
        self._lemmas = BM25(Counted(dict(known.lemmas), lemmas, len(clauses)), k1=K1, b=B)
        self._grams = BM25(Counted(dict(known.grams), parts, len(clauses)), k1=K1, b=B)

    @property
    def nbytes(self) -> int:
        return self._lemmas.nbytes + self._grams.nbytes

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
        places: dict[str, list[int]] = {}
        for place, clause in enumerate(clauses):
            places.setdefault(clause.language, []).append(place)
        self._places = {language: np.array(found, dtype=np.intp) for language, found in places.items()}
        self._collections = {
            language: _Collection([clauses[place] for place in found], language)
            for language, found in places.items()
        }

        sections: dict[tuple[str, ...], int] = {}
        self._sections = np.array(
            [sections.setdefault((c.document, *(c.path or (c.heading,))), len(sections)) for c in clauses],
            dtype=np.intp,
        )
        self._by_section = np.argsort(self._sections, kind="stable")
        ordered = self._sections[self._by_section]
        self._section_starts = np.flatnonzero(np.diff(ordered, prepend=-1))

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(sorted(self._places))

    @property
    def nbytes(self) -> int:
        """Bytes of all postings; vocabularies come on top."""
        return sum(collection.nbytes for collection in self._collections.values())

    def places(self, language: str) -> Places:
        """Return where the clauses of a language stand in the library's order."""
        return self._places[language]

    def terms(self, question: str, language: str, asked_in: str | None) -> QuestionTerms:
        """Return a question's terms as read in the language of the clauses, one of `languages`."""
        return self._collections[language].terms(question, asked_in)

    def scores(self, question: str, language: str | None) -> LexicalScores:
        """Score every clause for a question; `language` is the question's, where it is known."""
        lemmas, parts = np.zeros(self._size), np.zeros(self._size)
        for clause_language, collection in self._collections.items():
            found = collection.scores(question, language)
            lemmas[self._places[clause_language]] = found.lemmas
            parts[self._places[clause_language]] = found.grams
        return LexicalScores(lemmas, parts)

    def best_of_section(self, scores: Scores) -> Scores:
        """Return for each clause the best score among the clauses that stand under the same headings,
        and at least 0.
        """
        if not self._size:
            return np.zeros(0)
        best = np.maximum.reduceat(scores[self._by_section], self._section_starts)
        found: Scores = np.maximum(best, 0.0)[self._sections]
        return found
