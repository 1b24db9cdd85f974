"""Correcting the billing details of the last invoice, as the terms promise it.

The owner may ask within fifteen days of the last invoice's issue, the fifteenth included. The company
issues a credit note and a corrected invoice over the same sums; the customer supplies company, address or
VAT ID. A corrected invoice can be corrected again, but the days count from the invoice that it stands for.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from actions.backend import Told
from actions.billing import InvoiceFacts, issue_correction, read_facts
from actions.calendar import Calendar
from actions.log import Entry
from actions.model import ActionKind, Allow, Deny, Level, Line, NeedsArguments, Principal, Verdict
from actions.papers.filing import correction_sheets, file_papers
from actions.planning import Details, Draft, Request, Weighed, money, passed, plan_from
from actions.policies import Policies
from actions.store.tables import Action, Invoice
from actions.store.unit import Unit
from actions.vat import normalized

OWNER_ONLY = "account-owner"
WINDOW = "billing-details-update"
VAT = "vat-id"

FIGURES = ("correction_window",)
MOST_CHARACTERS = {"company": 300, "address": 500, "vat_id": 40}


@dataclass(frozen=True, slots=True)
class CorrectInvoice:
    """The new details; None leaves one as it is. `invoice` is a number, or None for the last one."""

    principal: Principal
    company: str | None = None
    address: str | None = None
    vat_id: str | None = None
    invoice: str | None = None


def may_correct(request: CorrectInvoice, facts: InvoiceFacts, *, today: date, window_days: int) -> Verdict:
    """Decide whether an invoice's billing details may be changed. Source: terms, billing changes and updates.

    `facts.issued_on` and `today` are days in the company's time zone; the window counts whole days and
    includes the last one.
    """
    if request.principal.account_id is None or request.principal.account_id != facts.account_id:
        return Deny("not-member", clause=OWNER_ONLY)
    if not facts.is_owner:
        return Deny("not-owner", clause=OWNER_ONLY)
    if facts.number is None or facts.issued_on is None:
        return Deny("foreign-invoice" if request.invoice else "no-invoice", clause=WINDOW)
    if facts.status == "void":
        return Deny("invoice-void", clause=WINDOW, values={"invoice": facts.number})
    if facts.status == "credited":
        return Deny("already-credited", clause=WINDOW, values={"invoice": facts.number})
    if not facts.is_latest:
        return Deny("not-latest-invoice", clause=WINDOW, values={"invoice": facts.number})
    if (today - facts.issued_on).days > window_days:
        last_day = facts.issued_on + timedelta(days=window_days)
        values = {"invoice": facts.number, "last_day": last_day.isoformat(), "days": str(window_days)}
        return Deny("window-closed", clause=WINDOW, values=values)
    if facts.open_reference:
        return Deny("correction-open", clause=WINDOW, values={"reference": facts.open_reference})
    if facts.is_known(request.company, request.address, request.vat_id):
        return Deny("nothing-to-change", clause=WINDOW, values={"invoice": facts.number})
    return Allow(checks=("member", "owner", "invoice", "latest", "window", "not-open", "change"))


def read_request(principal: Principal, arguments: dict[str, str], country: str) -> CorrectInvoice:
    """Tidy the arguments: white space folded, blanks left out, a valid VAT number in its written form."""
    tidy = {name: " ".join(arguments.get(name, "").split()) or None for name in (*MOST_CHARACTERS, "invoice")}
    vat_id = tidy["vat_id"]
    return CorrectInvoice(
        principal,
        company=tidy["company"],
        address=tidy["address"],
        vat_id=(normalized(vat_id, country) or vat_id) if vat_id else None,
        invoice=tidy["invoice"],
    )


def problems(request: CorrectInvoice, country: str) -> NeedsArguments | None:
    """Return what is missing or wrong in the request, or None."""
    given = {name: value for name in MOST_CHARACTERS if (value := getattr(request, name))}
    if not given:
        return NeedsArguments(missing=tuple(MOST_CHARACTERS))
    wrong = {name: f"{_dashed(name)}-too-long" for name in given if _too_long(name, given[name])}
    wrong |= {name: f"{_dashed(name)}-unreadable" for name in given if not given[name].isprintable()}
    if request.vat_id and "vat_id" not in wrong and normalized(request.vat_id, country) is None:
        wrong["vat_id"] = "vat-id-invalid"
    return NeedsArguments(missing=(), problems=wrong) if wrong else None


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _too_long(name: str, value: str) -> bool:
    return len(value) > MOST_CHARACTERS[name]


def draft(request: CorrectInvoice, facts: InvoiceFacts, policies: Policies) -> Draft:
    """Return what the customer is asked to confirm."""
    days = policies.figures.correction_window.value
    if facts.number is None or facts.issued_on is None:
        return Draft()
    billed = {"company": facts.company, "address": facts.address, "vat_id": facts.vat_id or ""}
    changes = [
        Line(
            f"correct.{name.replace('_', '-')}", {"from": old, "to": new}, VAT if name == "vat_id" else WINDOW
        )
        for name, old in billed.items()
        if (new := getattr(request, name)) and new != old
    ]
    total = {"invoice": facts.number, "total": money(facts.total_cents, facts.currency)}
    changes += [Line("correct.credit-note", total, WINDOW), Line("correct.new-invoice", total, WINDOW)]
    last_day = (facts.issued_on + timedelta(days=days)).isoformat()
    window = {"issued_on": facts.issued_on.isoformat(), "last_day": last_day, "days": str(days)}
    checks = [
        passed("owner", OWNER_ONLY),
        passed("latest", WINDOW, invoice=facts.number),
        passed("window", WINDOW, **window),
    ]
    if request.vat_id:
        checks.append(passed("vat-id", VAT, vat_id=request.vat_id))
    irreversible = (Line("correct.invoice-credited", {"invoice": facts.number}, WINDOW),)
    return Draft(tuple(changes), tuple(checks), irreversible)


@dataclass(frozen=True, slots=True)
class Correcting:
    """The catalogue's row."""

    policies: Policies
    calendar: Calendar
    kind: ActionKind = ActionKind.INVOICE_CORRECTION
    figures: tuple[str, ...] = FIGURES
    anchors: tuple[str, ...] = (OWNER_ONLY, WINDOW, VAT)

    def malformed(self, arguments: object) -> NeedsArguments | None:
        return None

    def level(self, arguments: object) -> Level:
        return Level.VERIFIED

    async def weigh(self, session: AsyncSession, request: Request, today: date) -> Weighed:
        facts = await read_facts(session, request)
        asked = read_request(request.principal, dict(request.arguments), facts.country)
        window = self.policies.figures.correction_window.value
        verdict = may_correct(asked, facts, today=today, window_days=window)
        plan = plan_from(self.kind, draft(asked, facts, self.policies), request, facts)
        return Weighed(verdict, plan, problems(asked, facts.country))

    async def hold(self, unit: Unit, action: Action, entry: Entry) -> None:
        """Nothing waits: a correction takes effect when it is confirmed."""

    async def release(self, unit: Unit, action: Action, entry: Entry) -> None:
        """Nothing was held."""

    async def details(self, session: AsyncSession, action: Action) -> Details:
        facts, company, address, vat_id = await _corrected(session, action)
        return {"invoice": facts.number, "company": company, "address": address, "vat_id": vat_id}

    async def carry_out(self, unit: Unit, action: Action, entry: Entry, told: Told) -> None:
        """Issue the credit note and the corrected invoice over the same sums, today, and their papers."""
        facts, company, address, vat_id = await _corrected(unit.session, action)
        today = self.calendar.day_of(unit.now)
        note, invoice = await issue_correction(
            unit,
            action,
            facts,
            today,
            company=company,
            address=address,
            vat_id=vat_id,
            told=told,
        )
        old = await unit.session.get_one(Invoice, note.invoice_id)
        await file_papers(unit, action, correction_sheets(old, note, invoice, unit.seller, action.language))
        total = money(invoice.total_cents, invoice.currency)
        unit.cause(action, "mail.receipt", entry, {"credit_note": note.number, "invoice": invoice.number})
        outcome = (
            Line("correct.credit-note-issued", {"number": note.number, "total": total}, WINDOW),
            Line("correct.invoice-issued", {"number": invoice.number, "total": total}, WINDOW),
        )
        await unit.finish(action, outcome, entry)


async def _corrected(session: AsyncSession, action: Action) -> tuple[InvoiceFacts, str, str, str | None]:
    """Return the invoice as it is, and company, address and VAT ID as they shall be."""
    account = Principal(member_id=action.member_id, account_id=action.account_id)
    # the invoice on the card: when staff settle it days later, the last one may be another
    promised = [line["values"]["invoice"] for line in (action.plan or {}).get("irreversible", ())]
    named = {**action.arguments, "invoice": promised[0]} if promised else action.arguments
    facts = await read_facts(session, Request(account, named, action.proposed_at, action.id))
    asked = read_request(account, action.arguments, facts.country)
    return (
        facts,
        asked.company or facts.company,
        asked.address or facts.address,
        asked.vat_id or facts.vat_id,
    )
