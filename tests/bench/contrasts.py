"""`python -m tests.bench.contrasts`: clauses with questions that they answer and that they only seem to.

Every question of a clause that was kept out of training is asked of all the clauses of its kind, which are
of one language. Printed is how often its own clause comes first and among the first five, and how well the
probability that the first passages answer tells the questions that one of the clauses answers from those
that none does; .5 is chance.
"""

import argparse
import time
from collections.abc import Sequence
from datetime import date

import numpy as np

from knowledge import fusion
from knowledge.confidence import Confidence
from knowledge.encoder.training.contrast import Contrast, read_contrasts
from knowledge.model import Clause
from tests.bench.asking import Asked, Library
from tests.bench.table import markdown, share

# A clause has a date, which nothing here looks at.
WRITTEN = date(2026, 1, 1)


def library_of(items: Sequence[Contrast]) -> Library:
    """Return the items' clauses as a library, in their order."""
    return Library([_clause(number, item) for number, item in enumerate(items)])


def _clause(number: int, item: Contrast) -> Clause:
    heading, _, text = item.text.partition(". ")
    name = f"contrast-{number}"
    return Clause(
        name, "contrasts.md", "Contrasts", 1, WRITTEN, None, heading, (heading,), number,
        item.clause_language, text, name,
    )  # fmt: skip


def measured(
    items: Sequence[Contrast], asked_of: Sequence[Contrast] | None = None
) -> tuple[list[int], list[float], list[float]]:
    """Return where each answered question's clause stood, from 1, and the probabilities, of the answered
    questions and of the others. The items' clauses are of one language; only the questions of `asked_of` are
    asked, if it is given.
    """
    library, weights, confidence = library_of(items), fusion.Weights(), Confidence()
    ranks: list[int] = []
    right: list[float] = []
    wrong: list[float] = []
    everywhere = np.ones(len(items), dtype=np.bool_)
    for number, item in enumerate(items):
        if asked_of is not None and item not in asked_of:
            continue
        for answered, questions in ((True, item.answered), (False, item.unanswered)):
            for text in questions:
                hits = np.zeros(len(items), dtype=np.bool_)
                hits[number] = answered
                asked = Asked(text, item.clause_language, hits, everywhere, "contrasts")
                table = library.table(text, item.clause_language)
                probability = confidence(library.evidence(asked, table, weights))
                (right if answered else wrong).append(probability)
                if answered:
                    order = library.order(asked, table, weights)[0].tolist()
                    ranks.append(1 + order.index(number) if number in order else len(items))
    return ranks, right, wrong


def area(right: Sequence[float], wrong: Sequence[float]) -> float:
    """Return the share of pairs in which the right one has the higher number, ties counted half."""
    differences = np.array(right)[:, None] - np.array(wrong)[None]
    return float((differences > 0).mean() + (differences == 0).mean() / 2)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.contrasts", description=__doc__)
    parser.add_argument("--items", type=int, help="only of so many clauses of each kind")
    given = parser.parse_args()
    kinds: dict[tuple[str, str], list[Contrast]] = {}
    for item in read_contrasts():
        kinds.setdefault((item.clause_language, item.language), []).append(item)
    rows, started = [], time.perf_counter()
    for (clauses, questions), items in sorted(kinds.items()):
        chosen = [item for item in items if item.kept_out][: given.items]
        ranks, right, wrong = measured(items, chosen)
        rows.append(
            [
                f"{clauses}, asked in {questions}",
                str(len(chosen)),
                share(float(np.mean(np.array(ranks) == 1))),
                share(float(np.mean(np.array(ranks) <= 5))),
                share(area(right, wrong)),
            ]
        )
    print(markdown(["contrasts", "clauses", "hit@1", "hit@5", "told apart"], rows))
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
