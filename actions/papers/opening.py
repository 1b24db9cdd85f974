"""A paper opened by staff, which is itself an entry of the log."""

from collections.abc import Collection

from actions import access, approving
from actions.model import Rejected
from actions.papers.filing import paper_by_number
from actions.papers.tables import Paper
from actions.store.tables import Action
from actions.store.unit import Unit


async def opened_paper(unit: Unit, known: Collection[str], number: str, staff: str) -> Paper | Rejected:
    """Return the paper with this number, once the log says who looked; `known` are the ids of staff."""
    if rule := approving.may_decide(staff, known, ()):
        return Rejected(rule, number)
    paper = await paper_by_number(unit.session, number)
    if paper is None:
        return Rejected("unknown-paper", number)
    action = await unit.session.get_one(Action, paper.action_id)
    await access.record(unit, staff, member_id=action.member_id, email=action.email, action_id=action.id)
    return paper
