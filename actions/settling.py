"""Staff say what became of an effect that nobody knows about; nothing is tried again."""

from collections.abc import Collection

from sqlmodel import select

from actions import approving, executing
from actions.backend import Told, is_told_enough
from actions.catalogue import Catalogue
from actions.model import ActionKind, Receipt, Rejected, Step
from actions.receipts import receipt
from actions.store.tables import CreditNote, Invoice
from actions.store.unit import Unit


async def settle(
    unit: Unit,
    rows: Catalogue,
    known: Collection[str],
    named: str,
    staff: str,
    is_done: bool,
    told: Told,
) -> Receipt | Rejected:
    """Take an action of unknown outcome to DONE or FAILED, in the name of a member of staff.

    `told` is what staff read where the effect stands: a correction's numbers.
    """
    action = await approving.decidable(unit, known, named, staff)
    if isinstance(action, Rejected):
        return action
    if action.step != Step.OUTCOME_UNKNOWN:
        return Rejected("not-outcome-unknown", action.id)
    if not is_done:
        await executing.not_done(unit, rows, action, "settled", unit.staff(staff))
        return receipt(action)
    if not is_told_enough(ActionKind(action.kind), told) or await _are_taken(unit, told):
        return Rejected("numbers-wrong", action.id)
    await executing.carry_out(unit, rows, action, told, unit.staff(staff))
    return receipt(action)


async def _are_taken(unit: Unit, told: Told) -> bool:
    notes = select(CreditNote.id).where(CreditNote.number == told.get("credit_note"))
    invoices = select(Invoice.id).where(Invoice.number == told.get("invoice"))
    return any([(await unit.session.exec(query)).first() for query in (notes, invoices)])
