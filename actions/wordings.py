"""Accepted wordings against those of now: what of a figure's clause is new, and what differs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from actions.policies import Figure, Policies
from actions.ports import ClausesNow, ClauseText
from actions.store.policy_tables import PolicyBinding


@dataclass(frozen=True, slots=True)
class Difference:
    """What an admin has to look at: the accepted text and that of now. None where there is none."""

    language: str
    document: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class FigureReport:
    """How a figure stands. `figure` has the value in force, `written` is that of policies.toml.

    `state` is "ok", "needs review" or "clause missing" (in every language). A figure whose clause was never
    there, or whose loss was confirmed, is missing its clause but is not held.
    """

    name: str
    figure: Figure
    written: int
    state: str
    differences: tuple[Difference, ...] = ()
    first_seen: tuple[ClauseText, ...] = ()

    @property
    def is_held(self) -> bool:
        return bool(self.differences)


def report(name: str, policies: Policies, rows: Sequence[PolicyBinding], now: ClausesNow) -> FigureReport:
    """Say how the figure `name` stands. `rows` are its bindings; `now` may hold other clauses too."""
    written: Figure = getattr(policies.figures, name)
    value = override(rows)
    figure = written if value is None else replace(written, value=value)
    current = [text for text in now.clauses if text.anchor == written.clause]
    if written.clause is None:
        return FigureReport(name, figure, written.value, "ok")
    differences, first_seen = compare(rows, () if now.are_samples else current)
    state = "clause missing" if not current or (now.are_samples and differences) else "ok"
    if differences and state == "ok":
        state = "needs review"
    return FigureReport(name, figure, written.value, state, differences, first_seen)


def override(rows: Iterable[PolicyBinding]) -> int | None:
    """Return the value that an admin gave the figure of `rows`, None where policies.toml's is in force."""
    return next((row.value for row in rows if row.value is not None), None)


def compare(
    rows: Sequence[PolicyBinding], current: Sequence[ClauseText]
) -> tuple[tuple[Difference, ...], tuple[ClauseText, ...]]:
    """Return what differs from the accepted `rows` of one figure, and what is seen for the first time.

    The wordings of a language are compared as a set, so that a file may get another name.
    """
    accepted = [row for row in rows if not row.is_sample]
    loss_confirmed = any(not row.language for row in accepted)
    differences: list[Difference] = []
    first_seen: list[ClauseText] = []
    languages = {row.language for row in accepted if row.language} | {text.language for text in current}
    for language in sorted(languages):
        old = [row for row in accepted if row.language == language]
        new = [text for text in current if text.language == language]
        if old or loss_confirmed:
            differences += _differences(language, old, new)
        else:
            first_seen += new
    return tuple(differences), tuple(first_seen)


def _differences(language: str, old: Sequence[PolicyBinding], new: Sequence[ClauseText]) -> list[Difference]:
    """Pair what is not on both sides: within a document where that can be, else in the documents' order."""
    kept = {row.content_hash for row in old} & {text.content_hash for text in new}
    before = {row.document: row.text for row in old if row.content_hash not in kept}
    after = {text.document: text.text for text in new if text.content_hash not in kept}
    both = sorted(before.keys() & after.keys())
    found = [Difference(language, document, before.pop(document), after.pop(document)) for document in both]
    for gone, come in zip_longest(sorted(before), sorted(after)):
        found.append(Difference(language, come or gone, before.get(gone), after.get(come)))
    return found
