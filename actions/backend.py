"""Where an action's effect takes place: the store, or a system of the company's behind a network.

The store's effect is the transaction that records it. Any other is asked for outside every transaction, so it
has an answer for each way in which that can end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from actions.model import ActionKind

Told = Mapping[str, str]
"""What a backend says of its effect: `credit_note` and `invoice`, the numbers that it gave a correction."""

NUMBERS = ("credit_note", "invoice")


@dataclass(frozen=True, slots=True)
class Order:
    """One effect to carry out. `confirmation` is the same at every try, and of no other effect.

    `details` are the kind's own; None is a value that there is none of.
    """

    kind: ActionKind
    confirmation: str
    reference: str
    confirmed_at: datetime
    account_id: str | None = None
    member_id: str | None = None
    details: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """It stands."""

    told: Told = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """It does not stand and never will. `reason` is a code, without anything of a person."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotTried:
    """It certainly does not stand, and another try may do better."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may stand or not; asking again could do it twice."""

    reason: str


Answer = Done | Refused | NotTried | Unknown


class Backend(Protocol):
    """Carries out effects. Raises nothing: whatever goes wrong is an answer."""

    async def cancel(self, order: Order) -> Answer:
        """Close the account and stop its renewal."""

    async def correct_invoice(self, order: Order) -> Answer:
        """Credit `invoice` and issue it anew with `company`, `address` and `vat_id`; tells both NUMBERS."""

    async def file_case(self, order: Order) -> Answer:
        """File the data-protection case of `right` for `email`, or withdraw the consents at once."""

    def next_wait(self, failed: int) -> timedelta | None:
        """Return how long to wait after the `failed`-th try that was none; None: give it up."""


class StoreBackend:
    """The store: nothing to ask for, because recording the effect is the effect, in one transaction."""

    async def cancel(self, order: Order) -> Answer:
        return Done()

    async def correct_invoice(self, order: Order) -> Answer:
        return Done()

    async def file_case(self, order: Order) -> Answer:
        return Done()

    def next_wait(self, failed: int) -> timedelta | None:
        return None


async def ask(backend: Backend, order: Order) -> Answer:
    """Ask for the effect of the order's kind. An answer that lacks what its kind must tell is none."""
    calls = {
        ActionKind.CANCEL_ACCOUNT: backend.cancel,
        ActionKind.INVOICE_CORRECTION: backend.correct_invoice,
        ActionKind.GDPR_REQUEST: backend.file_case,
    }
    answer = await calls[order.kind](order)
    if isinstance(answer, Done) and not is_told_enough(order.kind, answer.told):
        return Unknown("numbers-missing")
    return answer


def is_told_enough(kind: ActionKind, told: Told) -> bool:
    """Whether the effect can be recorded: a correction's numbers are the backend's to give."""
    if kind is not ActionKind.INVOICE_CORRECTION:
        return True
    numbers = [told.get(name, "").strip() for name in NUMBERS]
    return all(numbers) and len(set(numbers)) == len(numbers)
