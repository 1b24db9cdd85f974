"""A store to try everything on: invented customers in five languages, on every side of every rule."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from sqlmodel import SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.billing import invoice_number
from actions.calendar import Calendar
from actions.errors import DemoRefused
from actions.log import pseudonyms
from actions.policies import load
from actions.ports import Clock, Sessions
from actions.store.accounts import DEMO
from actions.store.demo_customers import CUSTOMERS, Customer
from actions.store.tables import (
    Account,
    Action,
    ActionLog,
    Consent,
    Credit,
    Invoice,
    Member,
    StoreInfo,
    Subscription,
)
from actions.store.unit import Unit

__all__ = ["DemoPerson", "DemoRefused", "DemoSummary", "fill"]


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody who can be played. `about` says, in English, what is worth trying as them."""

    email: str
    name: str
    company: str
    language: str
    role: str
    about: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """`created` is False when the store was filled before."""

    created: bool
    people: tuple[DemoPerson, ...]


async def fill(sessions: Sessions, clock: Clock, calendar: Calendar | None = None) -> DemoSummary:
    """Fill an empty store and mark it as a demo; do nothing to one that is a demo already.

    Days count back from today, so a demo ages. Raises DemoRefused for a store that holds other data.
    """
    calendar = calendar or Calendar()
    async with sessions.write() as session:
        mark = await session.get(StoreInfo, DEMO)
        if mark is not None and mark.value == "yes":
            return DemoSummary(False, _people())
        await _refuse_other_data(session)
        unit = Unit(session, clock.now(), await pseudonyms(session))
        session.add(StoreInfo(key=DEMO, value="yes"))
        accounts = [_account(customer, unit.now) for customer in CUSTOMERS]
        session.add_all(accounts)
        await session.flush()
        for account, customer in zip(accounts, CUSTOMERS, strict=True):
            _furnish(session, account, customer, unit.now, calendar)
            await _staff(session, account, customer, unit.now)
        await _issue_invoices(unit, accounts, calendar)
    return DemoSummary(True, _people())


def _people() -> tuple[DemoPerson, ...]:
    return tuple(
        DemoPerson(who.email, who.name, customer.company, customer.language, who.role, who.about)
        for customer in CUSTOMERS
        for who in customer.people
    )


async def _refuse_other_data(session: AsyncSession) -> None:
    kinds: Sequence[type[SQLModel]] = (Account, Member, Invoice, Action, ActionLog, Consent)
    for kind in kinds:
        if (await session.exec(select(kind).limit(1))).first() is not None:
            raise DemoRefused(
                "this store holds data that is not a demo's and is left alone; "
                "set DATA_DIR (or DATABASE_URL) to an empty place for a demo"
            )


def _account(customer: Customer, now: datetime) -> Account:
    silent = timedelta(days=customer.inactive_days)
    warning = timedelta(weeks=load().figures.inactivity_warning.value)
    return Account(
        company=customer.company,
        country=customer.country,
        address=customer.address,
        created_at=now - timedelta(days=400),
        last_active_at=now - silent,
        warned_at=now - silent + warning if silent >= warning else None,
    )


def _furnish(
    session: AsyncSession, account: Account, customer: Customer, now: datetime, calendar: Calendar
) -> None:
    today = calendar.day_of(now)
    session.add(
        Subscription(
            account_id=account.id,
            plan=customer.plan,
            seats=customer.seats,
            cycle="annual" if customer.credit else "monthly",
            price_cents=customer.price_cents,
            currency="EUR",
            paid_until=_issued_on(customer, today) + timedelta(days=30),
        )
    )
    if customer.credit:
        bought_on = today - timedelta(days=customer.credit.bought_days_ago)
        session.add(
            Credit(
                account_id=account.id,
                bought_on=bought_on,
                months=12,
                seats=customer.seats,
                amount_cents=customer.credit.amount_cents,
                used_cents=customer.credit.used_cents,
                currency="EUR",
            )
        )


async def _staff(session: AsyncSession, account: Account, customer: Customer, now: datetime) -> None:
    for who in customer.people:
        member = Member(
            account_id=account.id,
            email=who.email,
            name=who.name,
            role=who.role,
            language=customer.language,
        )
        session.add(member)
        await session.flush()  # a consent needs its member's row
        for purpose in who.consents:
            given_at = now - timedelta(days=200)
            session.add(Consent(member_id=member.id, email=who.email, purpose=purpose, given_at=given_at))


async def _issue_invoices(unit: Unit, accounts: Sequence[Account], calendar: Calendar) -> None:
    """Issue each customer's last two invoices, in the order of their days, so that numbers follow days."""
    today = calendar.day_of(unit.now)
    issues = sorted(
        (_issued_on(customer, today) - timedelta(days=back), n, account, customer)
        for n, (account, customer) in enumerate(zip(accounts, CUSTOMERS, strict=True))
        for back in (30, 0)
    )
    for issued_on, _, account, customer in issues:
        net = customer.price_cents
        vat = net * customer.vat_percent // 100
        unit.session.add(
            Invoice(
                number=await invoice_number(unit, issued_on),
                account_id=account.id,
                issued_on=issued_on,
                status="paid",
                net_cents=net,
                vat_cents=vat,
                total_cents=net + vat,
                currency="EUR",
                billed_company=account.company,
                billed_address=account.address,
                billed_vat_id=account.vat_id,
            )
        )


def _issued_on(customer: Customer, today: date) -> date:
    return today - timedelta(days=customer.invoice_days_ago)
