"""The figures of the documents, read from policies.toml, each with the clause it comes from."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from actions.errors import PolicyError
from actions.model import ActionKind

ANCHORS = frozenset(
    {
        *("cancellation-by-request", "cancellation-in-account", "cancellation-data-loss", "no-refunds"),
        *("prepaid-credit-term", "prepaid-credit-refund", "billing-details-update", "vat-id", "plan-changes"),
        *("price-changes", "inactivity", "account-owner", "support-access", "consent-withdrawal"),
        *("newsletter-unsubscribe", "right-information", "right-access", "right-rectification"),
        *("right-erasure", "right-restriction", "right-portability", "right-objection", "right-complaint"),
        *(
            "consent-period",
            "parties",
            "retention",
            "compact-policy-ind",
            "deletion-on-request",
            "appsumo-deadline",
        ),
    }
)

APPROVALS: Mapping[str, int] = {"auto": 0, "staff": 1, "four-eyes": 2}
"""How many members of staff each risk tier takes."""

_MOST = 1000


@dataclass(frozen=True, slots=True)
class Figure:
    """`clause` is an anchor, or None for a figure that the product chose itself."""

    value: int
    unit: str
    clause: str | None


@dataclass(frozen=True, slots=True)
class Figures:
    cancellation: Figure
    refund_share: Figure
    correction_window: Figure
    credit_term: Figure
    inactivity_warning: Figure
    inactivity_deletion: Figure
    deletion: Figure
    backup: Figure
    consent: Figure
    price_notice: Figure
    proposal_expiry: Figure


UNITS = {
    "cancellation": "business days",
    "refund_share": "percent",
    "correction_window": "days",
    "credit_term": "months",
    "inactivity_warning": "weeks",
    "inactivity_deletion": "weeks",
    "deletion": "days",
    "backup": "days",
    "consent": "years",
    "price_notice": "days",
    "proposal_expiry": "minutes",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A clause, in one language or (None) in any."""

    anchor: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Clauses that contradict one another."""

    name: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Policies:
    figures: Figures
    tiers: Mapping[ActionKind, str]
    contradictions: tuple[Disagreement, ...]

    @property
    def disagreements(self) -> tuple[tuple[str, str], ...]:
        """Every pair of different anchors whose clauses contradict each other in any language."""
        found = ((d.places[0], place) for d in self.contradictions for place in d.places[1:])
        return tuple((a.anchor, b.anchor) for a, b in found if a.anchor != b.anchor and not b.language)

    @property
    def anchors(self) -> tuple[str, ...]:
        """Every anchor that a figure or a contradiction cites, sorted."""
        cited = {getattr(self.figures, name).clause for name in UNITS} - {None}
        return tuple(sorted(cited | {place.anchor for d in self.contradictions for place in d.places}))

    def revalued(self, values: Mapping[str, int]) -> "Policies":
        """Return these policies with other values of some figures."""
        changed = {name: replace(getattr(self.figures, name), value=value) for name, value in values.items()}
        return replace(self, figures=replace(self.figures, **changed))

    def values(self, names: Iterable[str]) -> dict[str, int]:
        return {name: getattr(self.figures, name).value for name in names}

    def needs_staff(self, kind: ActionKind) -> bool:
        return self.approvals(kind) > 0

    def approvals(self, kind: ActionKind) -> int:
        """Return how many different members of staff let an action of this kind pass."""
        return APPROVALS[self.tiers[kind]]


def load(path: Path | None = None) -> Policies:
    """Read `path`, or the built-in file. Raises PolicyError, which names the file and the entry."""
    path = path or Path(__file__).with_name("policies.toml")
    try:
        return parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PolicyError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise PolicyError(f"{path}: is not UTF-8") from error
    except PolicyError as error:
        raise PolicyError(f"{path}: {error}") from error


def parse(text: str) -> Policies:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"is not TOML: {error}") from error
    _only(table, {"figures", "tiers", "disagreement"}, "")
    names = tuple(field.name for field in fields(Figures))
    figures = _table(table, "figures", "figures")
    _only(figures, set(names), "figures.")
    return Policies(
        figures=Figures(**{name: _figure(figures, name) for name in names}),
        tiers=_tiers(_table(table, "tiers", "tiers")),
        contradictions=_disagreements(table.get("disagreement", [])),
    )


def _figure(figures: Mapping[str, Any], name: str) -> Figure:
    entry = f"figures.{name}"
    table = _table(figures, name, entry)
    _only(table, {"value", "unit", "clause"}, f"{entry}.")
    unit, clause = table.get("unit"), table.get("clause")
    value = checked_value(name, table.get("value"))
    if unit != UNITS[name]:
        raise PolicyError(f"{entry}.unit must be {UNITS[name]!r}, not {unit!r}")
    if name == "proposal_expiry":
        if clause is not None:
            raise PolicyError(f"{entry}.clause: no clause promises it; leave it out")
        return Figure(value, unit, None)
    return Figure(value, unit, _anchor(clause, f"{entry}.clause"))


def checked_value(name: str, value: Any) -> int:
    """Return `value` if the figure `name` may have it, else raise PolicyError."""
    if type(value) is not int or not 0 < value <= _MOST:
        raise PolicyError(f"figures.{name}.value must be a whole number from 1 to {_MOST}, not {value!r}")
    if UNITS[name] == "percent" and value > 100:
        raise PolicyError(f"figures.{name}.value is a percentage, not {value}")
    return value


def _tiers(table: Mapping[str, Any]) -> dict[ActionKind, str]:
    _only(table, set(ActionKind), "tiers.")
    for kind in ActionKind:
        tier = table.get(kind)
        if not isinstance(tier, str) or tier not in APPROVALS:
            raise PolicyError(f'tiers.{kind} must be "auto", "staff" or "four-eyes", not {tier!r}')
    if table[ActionKind.GDPR_REQUEST] != "auto":
        raise PolicyError(
            'tiers.gdpr_request must be "auto": nobody\'s leave is needed to file a legal right'
        )
    return {kind: table[kind] for kind in ActionKind}


def _disagreements(rows: Any) -> tuple[Disagreement, ...]:
    if not isinstance(rows, list):
        raise PolicyError("disagreement must be a list of tables: [[disagreement]]")
    return tuple(_disagreement(row, f"disagreement[{n}]") for n, row in enumerate(rows))


def _disagreement(row: Any, entry: str) -> Disagreement:
    if not isinstance(row, dict):
        raise PolicyError(f"{entry} must be a table")
    _only(row, {"name", "clauses"}, f"{entry}.")
    name, places = row.get("name"), row.get("clauses")
    if not isinstance(name, str) or not name:
        raise PolicyError(f"{entry}.name is missing")
    if not isinstance(places, list) or len(places) < 2:
        raise PolicyError(f"{entry}.clauses must list two clauses or more ({name})")
    return Disagreement(name, tuple(_place(place, f"{entry}.clauses") for place in places))


def _place(value: Any, entry: str) -> Place:
    if not isinstance(value, str):
        raise PolicyError(f"{entry} must hold anchors, not {value!r}")
    anchor, _, language = value.partition("@")
    return Place(_anchor(anchor, entry), language or None)


def _anchor(value: Any, entry: str) -> str:
    if value not in ANCHORS:
        raise PolicyError(f"{entry}: there is no clause with the anchor {value!r}")
    return str(value)


def _table(parent: Mapping[str, Any], name: str, entry: str) -> Mapping[str, Any]:
    table = parent.get(name)
    if not isinstance(table, dict):
        raise PolicyError(f"{entry} is missing")
    return table


def _only(table: Mapping[str, Any], known: set[str], prefix: str) -> None:
    for name in table:
        if name not in known:
            raise PolicyError(f"{prefix}{name} is unknown; known are {', '.join(sorted(known))}")
