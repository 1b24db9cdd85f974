"""Invoices, their credit notes and their numbers."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.backend import Told
from actions.model import ActionKind, Step
from actions.planning import Request
from actions.store.tables import Account, Action, CreditNote, Invoice, Member
from actions.store.unit import Unit


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """The invoice that is asked about. `number` None: there is none, or it is not this account's.

    `issued_on` is the day of the first invoice in a chain of corrections, in the company's time zone.
    `open_reference` is another correction for the account that waits to be carried out.
    """

    account_id: str | None = None
    country: str = ""
    is_owner: bool = False
    invoice_id: str | None = None
    number: str | None = None
    issued_on: date | None = None
    status: str = ""
    is_latest: bool = False
    open_reference: str | None = None
    company: str = ""
    address: str = ""
    vat_id: str | None = None
    net_cents: int = 0
    vat_cents: int = 0
    total_cents: int = 0
    currency: str = ""

    def is_known(self, company: str | None, address: str | None, vat_id: str | None) -> bool:
        """Whether these details (None: not given) are given and all stand on the invoice already."""
        pairs = ((company, self.company), (address, self.address), (vat_id, self.vat_id))
        given = [(new, old) for new, old in pairs if new is not None]
        return bool(given) and all(new == old for new, old in given)


async def read_facts(session: AsyncSession, request: Request) -> InvoiceFacts:
    principal = request.principal
    account = await session.get(Account, principal.account_id) if principal.account_id else None
    if account is None:
        return InvoiceFacts()
    member = await session.get(Member, principal.member_id) if principal.member_id else None
    is_owner = bool(member and member.account_id == account.id and member.role == "owner")
    wanted = " ".join(request.arguments.get("invoice", "").split())
    latest = await _latest(session, account.id)
    invoice = await _by_number(session, account.id, wanted) if wanted else latest
    if invoice is None:
        return InvoiceFacts(account_id=account.id, country=account.country, is_owner=is_owner)
    return InvoiceFacts(
        account_id=account.id,
        country=account.country,
        is_owner=is_owner,
        invoice_id=invoice.id,
        number=invoice.number,
        issued_on=(await _first_of_chain(session, invoice)).issued_on,
        status=invoice.status,
        is_latest=latest is not None and invoice.id == latest.id,
        open_reference=await _open_correction(session, account.id, request.action_id),
        company=invoice.billed_company,
        address=invoice.billed_address,
        vat_id=invoice.billed_vat_id,
        net_cents=invoice.net_cents,
        vat_cents=invoice.vat_cents,
        total_cents=invoice.total_cents,
        currency=invoice.currency,
    )


async def issue_correction(
    unit: Unit,
    action: Action,
    facts: InvoiceFacts,
    today: date,
    *,
    company: str,
    address: str,
    vat_id: str | None,
    told: Told,
) -> tuple[CreditNote, Invoice]:
    """Credit the invoice of `facts` and issue it anew with other details. A paid one stays paid.

    The numbers are those that the backend has `told`, else the next ones here.
    """
    old = await unit.session.get_one(Invoice, facts.invoice_id)
    note = CreditNote(
        number=told.get("credit_note") or await credit_note_number(unit, today),
        invoice_id=old.id,
        action_id=action.id,
        issued_on=today,
        net_cents=old.net_cents,
        vat_cents=old.vat_cents,
        total_cents=old.total_cents,
        currency=old.currency,
    )
    new = Invoice(
        number=told.get("invoice") or await invoice_number(unit, today),
        account_id=old.account_id,
        issued_on=today,
        status=old.status,
        net_cents=old.net_cents,
        vat_cents=old.vat_cents,
        total_cents=old.total_cents,
        currency=old.currency,
        billed_company=company,
        billed_address=address,
        billed_vat_id=vat_id,
        corrects_id=old.id,
    )
    old.status = "credited"
    unit.session.add_all((note, new))
    return note, new


async def invoice_number(unit: Unit, day: date) -> str:
    """Take the year's next invoice number: no gaps, no doubles."""
    return f"{day.year}-{await unit.next_number(f'invoice-{day.year}'):06d}"


async def credit_note_number(unit: Unit, day: date) -> str:
    return f"CN-{day.year}-{await unit.next_number(f'credit-note-{day.year}'):06d}"


async def _latest(session: AsyncSession, account_id: str) -> Invoice | None:
    query = select(Invoice).where(Invoice.account_id == account_id, col(Invoice.status).in_(("open", "paid")))
    newest = query.order_by(col(Invoice.issued_on).desc(), col(Invoice.number).desc())
    return (await session.exec(newest.limit(1))).first()


async def _by_number(session: AsyncSession, account_id: str, number: str) -> Invoice | None:
    query = select(Invoice).where(Invoice.account_id == account_id, Invoice.number == number)
    return (await session.exec(query)).first()


async def _first_of_chain(session: AsyncSession, invoice: Invoice) -> Invoice:
    while invoice.corrects_id:
        invoice = await session.get_one(Invoice, invoice.corrects_id)
    return invoice


async def _open_correction(session: AsyncSession, account_id: str, own_id: str | None) -> str | None:
    waiting = (Step.AWAITING_APPROVAL, Step.SCHEDULED, Step.EXECUTING, Step.OUTCOME_UNKNOWN)
    query = select(Action.reference).where(
        Action.kind == ActionKind.INVOICE_CORRECTION,
        Action.account_id == account_id,
        col(Action.step).in_(waiting),
        Action.id != (own_id or ""),
    )
    return (await session.exec(query)).first()
