"""Approving and refusing from the desk: the service decides, the desk only passes it on."""

import re

from actions.model import Receipt, Rejected
from actions.service import ActionService
from bot.desk.words import REFUSING, REJECTIONS
from bot.errors import UsageError

_REFERENCE = re.compile(r"\s*(CW-\w{4}-\w{4})\b\s*", re.IGNORECASE)


def reference_first(text: str) -> tuple[str | None, str]:
    """Split a reference number off the beginning of what was written."""
    found = _REFERENCE.match(text)
    return (found[1].upper(), text[found.end() :]) if found else (None, text)


def asked_about(answers: str) -> str | None:
    """The reference that the desk's own question was about, where its text is one for a reason."""
    if not answers.startswith(REFUSING):
        return None
    return reference_first(answers.removeprefix(REFUSING))[0]


class Deciding:
    """Raises UsageError, with a sentence for the agent."""

    def __init__(self, actions: ActionService) -> None:
        self._actions = actions

    async def the_one(self, conversation_id: str | None) -> str:
        """The reference of the only request of a conversation that waits for approval."""
        waiting = await self._actions.listed(waiting=True)
        found = [one.receipt.reference for one in waiting if one.receipt.conversation_id == conversation_id]
        if conversation_id is None or len(found) != 1:
            which = ", ".join(found) or "none waits here"
            raise UsageError(f"say which request: its reference number comes after the command ({which})")
        return found[0]

    async def approve(self, reference: str, staff: str) -> str:
        done = _accepted(await self._actions.approve(reference, staff))
        for left in await self._actions.listed(waiting=True):
            if left.receipt.action_id == done.action_id:
                count = f"{len(left.approvers)} of {left.needed}"
                return f"{done.reference}: approved by {staff}, {count}. A colleague must approve it too."
        return f"{done.reference}: approved by {staff}, now {_step(done)}. The customer is told."

    async def refuse(self, reference: str, staff: str, reason: str) -> str:
        done = _accepted(await self._actions.refuse(reference, staff, reason.strip()))
        return f"{done.reference}: refused by {staff}. The customer is told, with the reason."


def _accepted(outcome: Receipt | Rejected) -> Receipt:
    if isinstance(outcome, Rejected):
        raise UsageError(REJECTIONS.get(outcome.rule, outcome.rule))
    return outcome


def _step(receipt: Receipt) -> str:
    return str(receipt.step).lower().replace("_", " ")
