"""The tables of accounts, actions and their log. Money is whole cents; moments are UTC; days are dates
in the company's time zone. Those of the log itself stand in `log_tables`."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, SQLModel

from actions.store.log_tables import ActionLog as ActionLog
from actions.store.log_tables import LogCheckpoint as LogCheckpoint
from actions.store.types import UtcDateTime, new_id


class Account(SQLModel, table=True):
    """`status`: active, closing (a cancellation is scheduled), closed or deleted.

    `warned_at` is the warning of a deletion for inactivity; activity after it makes it void.
    """

    __tablename__ = "account"

    id: str = Field(default_factory=new_id, primary_key=True)
    company: str
    status: str = "active"
    country: str = Field(max_length=2)
    vat_id: str | None = None
    address: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_active_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    delete_after: datetime | None = Field(default=None, sa_type=UtcDateTime)
    warned_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Member(SQLModel, table=True):
    """`email` is lower-case; `role` is owner or agent."""

    __tablename__ = "member"

    id: str = Field(default_factory=new_id, primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    email: str = Field(unique=True)
    name: str
    role: str
    language: str


class Subscription(SQLModel, table=True):
    """`cycle` is monthly or annual; `price_cents` is for one cycle."""

    __tablename__ = "subscription"

    id: str = Field(default_factory=new_id, primary_key=True)
    account_id: str = Field(foreign_key="account.id", unique=True)
    plan: str
    seats: int
    cycle: str
    price_cents: int
    currency: str = Field(max_length=3)
    paid_until: date
    renews: bool = True


class Credit(SQLModel, table=True):
    """An annual prepaid credit. `refund_state`: none, to_decide (by staff), refunded or declined."""

    __tablename__ = "credit"

    id: str = Field(default_factory=new_id, primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    bought_on: date
    months: int
    seats: int
    amount_cents: int
    used_cents: int = 0
    currency: str = Field(max_length=3)
    refund_state: str = "none"


class Invoice(SQLModel, table=True):
    """`status`: open, paid, void or credited. `corrects_id` is the invoice that this one stands in for.

    `restricted_until`: its people were forgotten; until that day it is kept for the tax office alone.
    """

    __tablename__ = "invoice"

    id: str = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    issued_on: date
    status: str
    net_cents: int
    vat_cents: int
    total_cents: int
    currency: str = Field(max_length=3)
    billed_company: str
    billed_address: str
    billed_vat_id: str | None = None
    corrects_id: str | None = Field(default=None, foreign_key="invoice.id", unique=True)
    restricted_until: date | None = None


class CreditNote(SQLModel, table=True):
    __tablename__ = "credit_note"

    id: str = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True)
    invoice_id: str = Field(foreign_key="invoice.id", unique=True)
    action_id: str = Field(foreign_key="action.id")
    issued_on: date
    net_cents: int
    vat_cents: int
    total_cents: int
    currency: str = Field(max_length=3)


class Consent(SQLModel, table=True):
    """A row without `given_at` is an objection: nothing may be sent for that purpose, given or not."""

    __tablename__ = "consent"

    id: str = Field(default_factory=new_id, primary_key=True)
    member_id: str | None = Field(default=None, foreign_key="member.id", index=True)
    email: str = Field(index=True)
    purpose: str
    given_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class GdprCase(SQLModel, table=True):
    """`status`: open, done or refused (by a person). `due_on` is the last day of the answer's month;
    `extended_until` the day in its place, which the person was told with `extension_reason`. Since
    `paused_at` the person's own answer is waited for. `note` is for staff.
    """

    __tablename__ = "gdpr_case"

    id: str = Field(default_factory=new_id, primary_key=True)
    reference: str = Field(unique=True)
    right: str
    email: str = Field(index=True)
    member_id: str | None = Field(default=None, foreign_key="member.id")
    received_at: datetime = Field(sa_type=UtcDateTime)
    due_on: date
    extended_until: date | None = None
    extension_reason: str | None = None
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    note: str | None = None
    status: str = "open"
    action_id: str = Field(foreign_key="action.id", unique=True)


class Action(SQLModel, table=True):
    """A proposal and its step. `origin` is the message that asked; `token` is what the button carries.

    `verdict` holds rule, clause and values of the decision that ended it; `outcome` the receipt's lines;
    `clause_ids` the clauses that its anchors meant when it was proposed. `due_at`: when it is executed.
    """

    __tablename__ = "action"

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: str
    step: str = Field(index=True)
    account_id: str | None = Field(default=None, foreign_key="account.id", index=True)
    member_id: str | None = Field(default=None, foreign_key="member.id", index=True)
    email: str | None = Field(default=None, index=True)
    role: str | None = None
    language: str = "en"
    conversation_id: str
    origin: str = Field(unique=True)
    arguments: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    plan: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    plan_hash: str | None = None
    token: str | None = Field(default=None, unique=True)
    reference: str = Field(unique=True)
    verdict: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    outcome: list[dict[str, Any]] | None = Field(default=None, sa_type=JSON)
    clause_ids: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    reason: str | None = None
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    executed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Effect(SQLModel, table=True):
    """One row per confirmation that was carried out; its keys are what makes an effect happen once."""

    __tablename__ = "effect"

    confirmation: str = Field(primary_key=True)
    action_id: str = Field(foreign_key="action.id", unique=True)
    at: datetime = Field(sa_type=UtcDateTime)


class Outbox(SQLModel, table=True):
    """What an action or time causes later: a mail, a task for staff, a deletion, a webhook.

    One row per action and topic; without an action, time alone is the cause.
    """

    __tablename__ = "outbox"
    __table_args__ = (UniqueConstraint("action_id", "topic"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    action_id: str | None = Field(default=None, foreign_key="action.id")
    topic: str
    payload: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    created_at: datetime = Field(sa_type=UtcDateTime)
    not_before: datetime = Field(sa_type=UtcDateTime, index=True)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    last_error: str | None = None


class Counter(SQLModel, table=True):
    """The last number given out in a sequence that may have no gap."""

    __tablename__ = "counter"

    name: str = Field(primary_key=True)
    value: int


class StoreInfo(SQLModel, table=True):
    """Facts of this store: `demo` -> yes, `pseudonym_key` -> the key of the log's pseudonyms."""

    __tablename__ = "store_info"

    key: str = Field(primary_key=True)
    value: str
