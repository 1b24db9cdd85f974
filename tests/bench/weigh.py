"""`python -m tests.bench.weigh --docs FOLDER`: learn what weighs how much, and when the documents do not say.

Learned from: the samples' own question sets, the rows written on the real documents where --docs names
their folder, and, for what weighs how much, questions of topics that the encoder was not taught, asked of
the samples; idle questions, so that a joke is not taken for a question on invoices. Each language is left out
in turn. Only measured: the libraries of invented companies, a third of the idle questions, and sets given
with --questions.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot.shelf import SAMPLES
from knowledge import confidence, fusion
from knowledge.bm25 import Scores
from knowledge.encoder.training.topics import LANGUAGES
from knowledge.fusion import Features
from tests.bench.asking import WRITTEN, Asked, Library, from_idle, from_libraries, from_rows, from_topics
from tests.bench.given import QUESTIONS, read_clauses
from tests.bench.logistic import Logistic, fit_choice, fit_logistic

# What the fusion's weights are learned from, each counting alike, and the confidence, each row alike but
# idle questions, which together count as so many rows.
TAUGHT, BELIEVED = ("topics", "samples", "written"), ("samples", "written", "idle")
IDLE = 20
# Of these weights of the reader the best is looked for.
READER = (0.0, 0.2, 0.4, 0.6, 0.8)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.weigh", description=__doc__)
    parser.add_argument("--docs", type=Path, help="the folder of the real documents, or of your own")
    parser.add_argument("--questions", type=Path, action="append", default=[], help="questions on them")
    given = parser.parse_args()
    samples = Library(read_clauses([SAMPLES]))
    asked = [(samples, one) for one in (*from_topics(samples), *from_rows(samples, QUESTIONS, "samples"))]
    libraries = [samples]
    if given.docs:
        real = Library(read_clauses([given.docs]))
        libraries.append(real)
        asked += [(real, one) for one in from_rows(real, [WRITTEN], "written")]
        asked += [(real, one) for one in from_rows(real, given.questions, "given")]
    asked += [*from_idle(libraries), *from_libraries()]
    tables = [library.table(one.text, one.language) for library, one in asked]
    weights = weigh(asked, tables)
    order_anew(asked, tables, weights)
    believe(asked, tables, weights)


def weigh(asked: Sequence[tuple[Library, Asked]], tables: Sequence[Features]) -> fusion.Weights:
    """Learn the fusion weights; print what each left-out language scores, and what is only measured."""
    rows = [
        (table[one.scope], one.hits[one.scope], one)
        for (_, one), table in zip(asked, tables, strict=True)
        if (one.hits & one.scope).any()
    ]
    # Each source counts alike, however many questions it has.
    share = {
        source: 1 / sum(one.source == source for _, _, one in rows)
        for _, _, one in rows
        for source in [one.source]
    }

    def learn(kept: Sequence[tuple[Features, np.ndarray[tuple[int], np.dtype[np.bool_]], Asked]]) -> Scores:
        return fit_choice(
            [(table, hits, share[one.source]) for table, hits, one in kept if one.source in TAUGHT]
        )

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


def order_anew(
    asked: Sequence[tuple[Library, Asked]], tables: Sequence[Features], weights: fusion.Weights
) -> None:
    """Print what reading the first passages does to their order, by what it weighs; topics are too many."""
    for weight in READER:
        ranks: dict[str, list[int]] = {}
        for (library, one), table in zip(asked, tables, strict=True):
            if one.hits.any() and one.source != "topics":
                order = library.order(one, table, weights, weight=weight)[0]
                found = np.flatnonzero((one.hits & one.scope)[order[one.scope[order]]])
                ranks.setdefault(one.source, []).append(1 + int(found[0]) if len(found) else len(order))
        shares = ", ".join(
            f"{source} {np.mean(np.array(rank) == 1):.3f} / {np.mean(np.array(rank) <= 3):.3f}"
            for source, rank in ranks.items()
        )
        print(f"reader weighs {weight:.1f}: hit@1 / hit@3: {shares}")


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
    believed = np.isin(sources, BELIEVED)
    idle = sources == "idle"
    shares = np.where(idle, IDLE / max(int(idle.sum()), 1), 1.0)

    def learn(kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Logistic:
        return fit_logistic(seen[kept], answered[kept], shares[kept])

    final = learn(believed)
    chances = final(seen)
    for language in LANGUAGES:
        left = believed & (spoken == language)
        chances[left] = learn(believed & ~left)(seen[left])
    for source in dict.fromkeys(sources.tolist()):
        chosen = sources == source
        if not answered[chosen].all():
            _print_thresholds(source, chances[chosen], answered[chosen])
    print(
        ", ".join(f"{name}={value:.3f}" for name, value in zip(confidence.NAMES, final.weights, strict=True))
    )
    print(f"bias={final.bias:.3f}")


def _print_thresholds(
    source: str, chances: Scores, answered: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> None:
    if answered.any():
        area = (chances[answered][:, None] > chances[~answered][None]).mean()
        print(f"{source}: area under the curve {area:.3f}")
    for threshold in np.arange(0.3, 0.72, 0.02):
        said = chances < threshold
        right = int((said & ~answered).sum())
        print(
            f"{source}: not found below {threshold:.2f}: precision {right / max(int(said.sum()), 1):.2f}, "
            f"recall {right / max(int((~answered).sum()), 1):.2f}, "
            f"withheld {int((said & answered).sum())} of {int(answered.sum())}"
        )


if __name__ == "__main__":
    main()
