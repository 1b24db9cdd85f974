"""`python -m tests.bench.compare`: the search beside its parts and beside others, on the same questions.

Each method is built in this process from clauses or documents in memory and asked every question. A hit is
what `knowledge.evaluation` counts as one. "Own language first" is the same ranking with what is in the
question's language put before the rest: a rule that any method could have, and that the product needs not.
"""

import argparse
import asyncio
import gc
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from knowledge.encoder.static import shipped
from knowledge.evaluation import Evaluation, Figures, Question, evaluate
from knowledge.folding import fold_word
from knowledge.lemmas import lemma
from knowledge.lemmas import warm as warm_lemmas
from knowledge.lexical import folded_lemma, grams
from knowledge.loading import discover, document_name, load
from knowledge.model import Clause
from tests.bench import given as samples
from tests.bench.methods import PRODUCT, Corpus, Method, Text, own_first
from tests.bench.others import MINILM, OTHERS, minilm
from tests.bench.table import at, markdown, share

# As many passages as a search returns when it is not told how many.
PAGE = 20


@dataclass(frozen=True, slots=True)
class Measured:
    """`times` are milliseconds a query, in order. `passages` are all there are to choose from, `length` is
    the median of the first ones' characters: the fewer and longer, the likelier is a hit by chance.
    """

    plain: Evaluation
    ordered: Evaluation
    times: Sequence[float]
    build_s: float
    passages: int
    length: float


Line = tuple[str, Measured | str]
"""A method's name, and what was measured or why nothing was."""


def missing(method: Method) -> str:
    """Return what to install before a method can be measured; empty where nothing is missing."""
    packages = [package for module, package in method.needs if find_spec(module) is None]
    return f"not installed: pip install {' '.join(packages)}" if packages else ""


def forget() -> None:
    """Empty what remembers words, so that no method finds questions prepared by the one before."""
    for remembering in (fold_word, lemma, folded_lemma, grams, shipped):
        remembering.cache_clear()
    shipped()
    gc.collect()


async def measure(method: Method, corpus: Corpus, rows: Sequence[Question]) -> Measured:
    forget()
    started = time.perf_counter()
    search = await method.build(corpus)
    build_s = time.perf_counter() - started
    passages = len((await search("?", language=None, count=sys.maxsize)).passages)
    lengths: list[int] = []
    times: list[float] = []
    for row in rows:
        started = time.perf_counter()
        result = await search(row.text, language=row.language, count=PAGE)
        times.append(1000 * (time.perf_counter() - started))
        lengths += [len(passage.clause.text) for passage in result.passages[:1]]
    plain = await evaluate(rows, search)
    ordered = plain if method.knows_language else await evaluate(rows, own_first(search))
    return Measured(plain, ordered, sorted(times), build_s, passages, statistics.median(lengths or [0]))


def quality(found: Sequence[Line]) -> str:
    head = ("method", "same language", "same, own first", "across languages", "passages", "characters")
    return markdown(
        head,
        [
            _line(
                name,
                measured,
                lambda seen: (
                    _pair(seen.plain.same_language),
                    _pair(seen.ordered.same_language),
                    _pair(seen.plain.cross_language),
                    str(seen.passages),
                    f"{seen.length:.0f}",
                ),
            )
            for name, measured in found
        ],
    )


def by_language(found: Sequence[Line], rows: Sequence[Question]) -> str:
    counts = Counter(row.language for row in rows if row.answerable)
    languages = sorted(counts)
    return markdown(
        ("method", *(f"{language} ({counts[language]})" for language in languages)),
        [
            _line(name, measured, lambda seen: [_pair(seen.ordered.by_language[one]) for one in languages])
            for name, measured in found
        ],
    )


def times(found: Sequence[Line]) -> str:
    return markdown(
        ("method", "p50 ms", "p95 ms", "build s"),
        [
            _line(
                name,
                measured,
                lambda seen: (
                    *(f"{at(seen.times, quantile):.1f}" for quantile in (0.5, 0.95)),
                    f"{seen.build_s:.2f}",
                ),
            )
            for name, measured in found
        ],
    )


def _line(name: str, measured: Measured | str, cells: Callable[[Measured], Sequence[str]]) -> list[str]:
    return [name, measured] if isinstance(measured, str) else [name, *cells(measured)]


def _pair(figures: Figures) -> str:
    return f"{share(figures.hit_at_1)} / {share(figures.hit_at_5)}"


def read_corpus(docs: Sequence[Path]) -> Corpus:
    clauses = samples.read_clauses(docs)
    languages = {clause.document: clause.language for clause in clauses}
    named = [(document_name(found.path), found.path) for found in discover(docs).files]
    texts = tuple(Text(name, languages[name], load(path).text) for name, path in named if name in languages)
    return Corpus(clauses, texts)


def warm(clauses: Sequence[Clause]) -> None:
    """Load what every method shares, so that the first of them does not pay for all."""
    shipped()
    warm_lemmas({clause.language for clause in clauses})
    if all(find_spec(module) for module, _ in MINILM):
        minilm()


async def compare(corpus: Corpus, rows: Sequence[Question]) -> None:
    found: list[Line] = []
    for method in (*PRODUCT, *OTHERS):
        found.append((method.name, missing(method) or await measure(method, corpus, rows)))
    same, across = _counts(found)
    print(f"{len(corpus.clauses)} clauses of {len(corpus.texts)} documents, {len(rows)} questions")
    print(f"\nhit@1 / hit@5 over {same} questions in the document's language and {across} in another:\n")
    print(quality(found))
    print("\nhit@1 / hit@5 by the language asked in, own language first:\n")
    print(by_language(found, rows))
    print("\nTime per query, and to build from clauses in memory with the encoder loaded:\n")
    print(times(found))


def _counts(found: Sequence[Line]) -> tuple[int, int]:
    seen = next(measured.plain for _, measured in found if isinstance(measured, Measured))
    return seen.same_language.answerable, seen.cross_language.answerable


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.compare", description=__doc__)
    samples.add_to(parser)
    docs, questions = samples.taken(parser, parser.parse_args())
    rows, corpus = samples.read_rows(questions), read_corpus(docs)
    if not rows or not corpus.clauses:
        parser.error("there is nothing to compare on: no question or no clause")
    warm(corpus.clauses)
    asyncio.run(compare(corpus, rows))


if __name__ == "__main__":
    main()
