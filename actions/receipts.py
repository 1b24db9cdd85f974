"""What a customer is told about an action, read back from its row."""

from actions.lifecycle import WITHDRAWABLE
from actions.model import ActionKind, Denied, Deny, Line, Principal, Receipt, Step
from actions.planning import line_from_json
from actions.store.tables import Action

_AHEAD = (Step.AWAITING_CONFIRMATION, Step.AWAITING_APPROVAL, Step.SCHEDULED, Step.EXECUTING)


def receipt(action: Action) -> Receipt:
    """Done: what was done. Ahead: what will be. Called off: why, where the step does not say it all."""
    step = _stands(action)
    if step is Step.DONE:
        lines = tuple(line_from_json(line) for line in action.outcome or ())
    elif step in _AHEAD and action.plan:
        lines = tuple(line_from_json(line) for line in action.plan["changes"])
        if step is Step.AWAITING_APPROVAL and action.plan.get("held"):
            lines = (Line("held.terms-changed"), *lines)
    else:
        lines = _called_off(step, action)
    return Receipt(
        action_id=action.id,
        reference=action.reference,
        kind=ActionKind(action.kind),
        step=step,
        lines=lines,
        effective_at=action.due_at,
        may_withdraw=step in WITHDRAWABLE,
        conversation_id=action.conversation_id,
    )


def _stands(action: Action) -> Step:
    """A case that was filed and later refused by staff reads as refused."""
    step = Step(action.step)
    return Step.REFUSED if step is Step.DONE and action.reason else step


def denied(action: Action) -> Denied:
    return Denied(action.id, verdict_of(action))


def verdict_of(action: Action) -> Deny:
    stored = action.verdict or {"rule": "denied", "clause": None, "values": {}}
    return Deny(stored["rule"], stored["clause"], stored["values"])


def rule_of(action: Action) -> str:
    """Return the rule that ended the action, or its step in lower case."""
    return verdict_of(action).rule if action.verdict else action.step.lower()


def belongs_to(action: Action, principal: Principal) -> bool:
    """Whether `principal` is the person of the action. An action of nobody yet belongs to nobody."""
    if action.member_id:
        return action.member_id == principal.member_id
    return bool(action.email and principal.email and action.email == principal.email.lower())


def person_of(action: Action) -> Principal:
    """Return who asked, for weighing again: identity was proven then, everything else is read afresh."""
    return Principal(
        email=action.email,
        member_id=action.member_id,
        account_id=action.account_id,
        role=action.role,
        language=action.language,
    )


def _called_off(step: Step, action: Action) -> tuple[Line, ...]:
    verdict = verdict_of(action)
    if step is Step.DENIED:
        return (Line("ended.facts-changed", {}, verdict.clause),)
    if step is Step.REFUSED:
        reason = Line("ended.refused", {"reason": action.reason or ""})
        if action.kind != ActionKind.GDPR_REQUEST:
            return (reason,)
        return (reason, Line("ended.may-complain", {}, "right-complaint"))
    return (Line("ended.plan-altered"),) if verdict.rule == "plan-altered" else ()
