"""Requests as `clausewise actions` prints them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actions.access import Listed, Opened
    from actions.model import Line, Receipt
    from bot.app import App
    from knowledge.model import Clause


async def opened_text(app: "App", opened: "Opened") -> str:
    from bot.render import card_blocks, receipt_blocks

    zone, messages = app.settings.company_time_zone, app.messages
    listed, asker = opened.listed, opened.asker
    who = ", ".join(filter(None, (asker.name, asker.email, asker.role, asker.company, asker.language)))
    parts = [block.text for block in receipt_blocks(listed.receipt, messages, "en", zone)]
    parts.append(f"Asked by {asker.pseudonym} ({who})")
    if opened.plan:
        clauses = await _clauses(app, [*opened.plan.changes, *opened.plan.preconditions])
        parts += [block.text for block in card_blocks(opened.plan, clauses, messages, "en", zone)]
        parts.append("\n".join(["Clauses", *(f"• {id_}" for id_ in _cited(opened).values())]))
    if opened.arguments:
        parts.append(
            "\n".join(["Given", *(f"• {name}: {value}" for name, value in opened.arguments.items())])
        )
    if listed.approvers:
        parts.append(
            f"Approved by {', '.join(listed.approvers)} ({len(listed.approvers)} of {listed.needed})"
        )
    events = (
        f"{event.seq:>6}  {event.at:%Y-%m-%d %H:%M:%S}  {event.step or '-':<22} {event.actor:<14} "
        f"{event.rule or ''}".rstrip()
        for event in opened.history
    )
    return "\n\n".join([*parts, "\n".join(["History", *events])])


async def _clauses(app: "App", lines: "list[Line]") -> "dict[str, Clause]":
    found = {}
    for anchor in dict.fromkeys(line.clause for line in lines if line.clause):
        if clause := await app.shelf.by_anchor(anchor, "en"):
            found[anchor] = clause
    return found


def _cited(opened: "Opened") -> dict[str, str]:
    """The clauses that the plan stands on, by anchor, with the ids that they had when it was made."""
    plan = opened.plan
    lines = (*plan.preconditions, *plan.changes, *plan.irreversible) if plan else ()
    anchors = dict.fromkeys(line.clause for line in lines if line.clause)
    return {anchor: opened.clause_ids.get(anchor, f"#{anchor}") for anchor in anchors}


def listed_json(listed: "Listed") -> dict[str, Any]:
    return {
        **receipt_json(listed.receipt),
        "proposed_at": listed.proposed_at.isoformat(),
        "confirmed_at": listed.confirmed_at.isoformat() if listed.confirmed_at else None,
        "approvals": approvals_json(listed),
    }


def approvals_json(listed: "Listed") -> dict[str, Any]:
    return {"given": list(listed.approvers), "needed": listed.needed}


def receipt_json(receipt: "Receipt") -> dict[str, Any]:
    at = receipt.effective_at
    return {
        "action": receipt.action_id,
        "reference": receipt.reference,
        "kind": str(receipt.kind),
        "step": str(receipt.step),
        "effective_at": at.isoformat() if at else None,
    }


def opened_json(opened: "Opened") -> dict[str, Any]:
    from dataclasses import asdict

    from actions.planning import plan_to_json

    return {
        **listed_json(opened.listed),
        "asker": asdict(opened.asker),
        "arguments": dict(opened.arguments),
        "plan": plan_to_json(opened.plan) if opened.plan else None,
        "clauses": _cited(opened),
        "history": [{**asdict(event), "at": event.at.isoformat()} for event in opened.history],
    }
