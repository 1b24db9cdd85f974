"""What stands on a paper, before it is laid out."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class PaperKind(StrEnum):
    CREDIT_NOTE = "credit_note"
    INVOICE = "invoice"


@dataclass(frozen=True, slots=True)
class Party:
    """Seller or customer as billed. `vat_id` None: it has none; the paper shows a dash."""

    name: str
    address: str = ""
    vat_id: str | None = None


UNNAMED = Party("")


@dataclass(frozen=True, slots=True)
class Sums:
    """Whole hundredths of `currency`, negative on a credit note; `currency` is its ISO 4217 code."""

    net_cents: int
    vat_cents: int
    total_cents: int
    currency: str

    def negated(self) -> "Sums":
        return Sums(-self.net_cents, -self.vat_cents, -self.total_cents, self.currency)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One paper. `original_number` and `original_day` are those of the invoice that is credited."""

    kind: PaperKind
    number: str
    issued_on: date
    language: str
    seller: Party
    customer: Party
    original_number: str
    original_day: date
    sums: Sums
    is_paid: bool = False
