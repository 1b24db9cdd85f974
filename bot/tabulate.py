"""Figures as a table that a person reads in a terminal."""

from knowledge.evaluation import Evaluation, Figures


def evaluation_table(evaluation: Evaluation) -> str:
    """One line a group of questions, and how well it knew when the documents do not say."""
    groups = [
        ("all", evaluation.overall),
        ("same language", evaluation.same_language),
        ("across languages", evaluation.cross_language),
        *((f"asked in {language}", figures) for language, figures in evaluation.by_language.items()),
    ]
    lines = [f"{'':<18}{'questions':>10}{'hit@1':>8}{'hit@5':>8}{'MRR':>8}"]
    lines += [_line(name, figures) for name, figures in groups if figures.answerable]
    missed = evaluation.not_found
    lines.append(
        f"not found: precision {_share(missed.precision).strip()}, recall {_share(missed.recall).strip()}"
        f" ({missed.unanswerable} questions have no answer; wrongly said of {missed.wrongly_said})"
    )
    return "\n".join(lines)


def _line(name: str, figures: Figures) -> str:
    shares = "".join(_share(value) for value in (figures.hit_at_1, figures.hit_at_5, figures.mrr))
    return f"{name:<18}{figures.answerable:>10}{shares}"


def _share(value: float | None) -> str:
    return f"{'-' if value is None else format(value, '.3f'):>8}"
