"""The figures of policies.toml, bound to the wording of their clauses.

A clause is accepted at its first sight. When its wording changes later, or it goes, in any language, each of
its figures is held until an admin confirms or changes it. The product's samples come with the built-in
figures and are no promise of a company: they bind nothing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import select

from actions.approving import LOCAL, staff_id
from actions.errors import PolicyError
from actions.log import Entry
from actions.model import Rejected
from actions.policies import UNITS, Figure, Policies, checked_value
from actions.ports import ClausesNow, ClauseText, ClauseTexts, Clock, Review, Sessions
from actions.seal import Seal
from actions.store.policy_tables import PolicyBinding
from actions.store.unit import Unit, unit_of_work
from actions.wordings import FigureReport, override, report

SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Settled:
    """What `confirm` did: `rule` is "confirmed", "changed", or None where there was nothing to do."""

    report: FigureReport
    rule: str | None


class Bindings:
    """The accepted wordings, and the `PolicyReview` that comes of them."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        policies: Policies,
        texts: ClauseTexts,
        *,
        seal: Seal | None = None,
        staff: Collection[str] = (LOCAL,),
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._policies = policies
        self._texts = texts
        self._seal = seal
        self._staff = frozenset(map(staff_id, staff))

    async def review(self) -> Review:
        """Accept what is seen for the first time, log what is held from now on, and tell how it stands."""
        now, rows, reports = await self._look()
        if any(_is_news(found, rows) for found in reports):
            rows = await self._note(now)
        held = frozenset(found.name for found in reports if found.is_held)
        values = {name: value for name in UNITS if (value := override(_of(rows, name))) is not None}
        return Review(values, held)

    async def check(self) -> list[FigureReport]:
        """Return how every figure stands, as `review` leaves it."""
        await self.review()
        return (await self._look())[2]

    async def confirm(self, name: str, written: str, value: int | None = None) -> Settled | Rejected:
        """Accept the clause as it is now in every language, in the name of the member of staff `written`, and
        with another value if one is given. Raises PolicyError for a figure or value that cannot be.
        """
        figure, staff = self._bound(name), staff_id(written)
        if staff not in self._staff:
            return Rejected("not-staff")
        if value is not None:
            checked_value(name, value)
        await self.review()
        now = await self._texts.clause_texts({figure.clause or ""})
        async with unit_of_work(self._sessions, self._clock, self._seal) as unit:
            rows = await _rows(unit, name)
            found = report(name, self._policies, rows, now)
            wanted = found.figure.value if value is None else value
            if wanted == found.figure.value and not found.is_held:
                return Settled(found, None)
            rule = "confirmed" if wanted == found.figure.value else "changed"
            kept = None if wanted == found.written else wanted
            accepted = _accepted(found, now, staff, unit.now)
            for row in rows:
                await unit.session.delete(row)
            await unit.session.flush()
            for row in accepted:
                row.value = kept
            unit.session.add_all(accepted)
            await unit.record(_entry(unit, found, rule, unit.staff(staff), now, wanted))
            return Settled(report(name, self._policies, accepted, now), rule)

    async def _look(self) -> tuple[ClausesNow, Sequence[PolicyBinding], list[FigureReport]]:
        anchors = {figure.clause for figure in self._figures().values() if figure.clause}
        now = await self._texts.clause_texts(anchors)
        async with self._sessions.read() as session:
            rows = (await session.exec(select(PolicyBinding))).all()
        return now, rows, [report(name, self._policies, _of(rows, name), now) for name in UNITS]

    async def _note(self, now: ClausesNow) -> Sequence[PolicyBinding]:
        """Write down what `now` has that is new. Another process may have done so a moment ago."""
        async with unit_of_work(self._sessions, self._clock, self._seal) as unit:
            for name in UNITS:
                rows = await _rows(unit, name)
                found = report(name, self._policies, rows, now)
                for text in found.first_seen:
                    row = _row(name, text, SYSTEM, unit.now)
                    row.value, row.held_at = override(rows), _held_at(rows)
                    unit.session.add(row)
                if found.is_held != bool(_held_at(rows)):
                    for row in rows:
                        row.held_at = unit.now if found.is_held else None
                    rule = "held" if found.is_held else "restored"
                    await unit.record(_entry(unit, found, rule, "clock", now, found.figure.value))
            await unit.session.flush()
            return (await unit.session.exec(select(PolicyBinding))).all()

    def _figures(self) -> Mapping[str, Figure]:
        return {name: getattr(self._policies.figures, name) for name in UNITS}

    def _bound(self, name: str) -> Figure:
        bound = {known: figure for known, figure in self._figures().items() if figure.clause}
        if name not in bound:
            raise PolicyError(f"no clause stands behind a figure {name!r}; known are {', '.join(bound)}")
        return bound[name]


def _of(rows: Iterable[PolicyBinding], name: str) -> list[PolicyBinding]:
    return [row for row in rows if row.figure == name]


async def _rows(unit: Unit, name: str) -> Sequence[PolicyBinding]:
    return (await unit.session.exec(select(PolicyBinding).where(PolicyBinding.figure == name))).all()


def _held_at(rows: Iterable[PolicyBinding]) -> datetime | None:
    return next((row.held_at for row in rows if row.held_at is not None), None)


def _is_news(found: FigureReport, rows: Iterable[PolicyBinding]) -> bool:
    return bool(found.first_seen) or found.is_held != bool(_held_at(_of(rows, found.name)))


def _accepted(found: FigureReport, now: ClausesNow, by: str, at: datetime) -> list[PolicyBinding]:
    """Return the bindings of a figure to its clause as it is now; to none, where there is none of its own."""
    anchor = found.figure.clause or ""
    current = [text for text in now.clauses if text.anchor == anchor and not now.are_samples]
    if current:
        return [_row(found.name, text, by, at) for text in current]
    nothing = _row(found.name, ClauseText(anchor, "", "", "", "", ""), by, at)
    nothing.is_sample = now.are_samples and not found.is_held
    return [nothing]


def _row(name: str, text: ClauseText, by: str, at: datetime) -> PolicyBinding:
    return PolicyBinding(
        figure=name,
        language=text.language,
        document=text.document,
        anchor=text.anchor,
        content_hash=text.content_hash,
        text=text.text,
        confirmed_by=by,
        confirmed_at=at,
    )


def _entry(unit: Unit, found: FigureReport, rule: str, actor: str, now: ClausesNow, value: int) -> Entry:
    """Say what became of a figure: its name as the subject, the clauses that differ (else all of
    its own), and name and value hashed.
    """
    anchor = found.figure.clause
    texts = [text for text in now.clauses if text.anchor == anchor]
    differing = {(each.language, each.document) for each in found.differences}
    ids = tuple(t.clause_id for t in texts if not differing or (t.language, t.document) in differing)
    return Entry(
        subject=f"figure:{found.name}",
        actor=actor,
        kind="policy",
        rule=rule,
        clauses=ids or (f"#{anchor}",),
        params_hash=unit.pseudonyms.of_arguments({"figure": found.name, "value": str(value)}),
    )
