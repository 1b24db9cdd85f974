"""From a weighed request to a plan with its hash, and plans in JSON."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from actions.canonical import canonical
from actions.model import ActionKind, Line, NeedsArguments, Plan, Principal, Verdict

Details = Mapping[str, str | None]
"""What a backend must know to carry an action out; None is a value that there is none of."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, by whom. `received_at` is the moment of the request: clocks and plans start there.

    `action_id` is the request's own action, once it has one; its own traces in the store are no obstacle.
    """

    principal: Principal
    arguments: Mapping[str, str]
    received_at: datetime
    action_id: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan before it is hashed. `effective_at` None: at once."""

    changes: tuple[Line, ...] = ()
    preconditions: tuple[Line, ...] = ()
    irreversible: tuple[Line, ...] = ()
    effective_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Weighed:
    """The guard's verdict on a request; if it allows it: what is still asked of the customer, else a plan."""

    verdict: Verdict
    plan: Plan
    problems: NeedsArguments | None = None


def plan_from(kind: ActionKind, draft: Draft, request: Request, facts: Any) -> Plan:
    """Hash `draft` with the person, the arguments and the facts (a dataclass) that it was made from."""
    content = {
        "kind": kind,
        "draft": asdict(draft),
        "member": request.principal.member_id,
        "email": request.principal.email,
        "arguments": dict(request.arguments),
        "received_at": request.received_at.isoformat(),
        "facts": asdict(facts),
    }
    digest = hashlib.sha256(canonical(content).encode()).hexdigest()
    return Plan(kind, draft.changes, draft.preconditions, draft.irreversible, draft.effective_at, digest)


def passed(rule: str, clause: str | None, **values: str) -> Line:
    """A precondition that holds."""
    return Line(f"check.{rule}", {"passed": "yes", **values}, clause)


def money(cents: int, currency: str) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d} {currency}"


def line_to_json(line: Line) -> dict[str, Any]:
    return {"key": line.key, "values": dict(line.values), "clause": line.clause}


def line_from_json(value: Mapping[str, Any]) -> Line:
    return Line(value["key"], value["values"], value["clause"])


def plan_to_json(plan: Plan) -> dict[str, Any]:
    return {
        "changes": [line_to_json(line) for line in plan.changes],
        "preconditions": [line_to_json(line) for line in plan.preconditions],
        "irreversible": [line_to_json(line) for line in plan.irreversible],
        "effective_at": plan.effective_at.isoformat() if plan.effective_at else None,
    }


def plan_from_json(kind: ActionKind, value: Mapping[str, Any], digest: str) -> Plan:
    at = value["effective_at"]
    return Plan(
        kind,
        tuple(line_from_json(line) for line in value["changes"]),
        tuple(line_from_json(line) for line in value["preconditions"]),
        tuple(line_from_json(line) for line in value["irreversible"]),
        datetime.fromisoformat(at) if at else None,
        digest,
    )
