"""Customers whose every text is a marker of their own, so that a test finds out where it turns up."""

from datetime import timedelta
from typing import Any, TypeVar

from sqlmodel import SQLModel

from actions.model import Right, Step
from actions.papers.tables import Paper
from actions.store.approval_tables import Approval
from actions.store.tables import (
    Account,
    Action,
    Consent,
    Credit,
    CreditNote,
    Effect,
    GdprCase,
    Invoice,
    Member,
    Outbox,
    Subscription,
)
from actions.store.unit import unit_of_work
from bot.app import App
from bot.handoff_tables import HandoffEventRow, NoteRow, RatingRow
from bot.tables import (
    ButtonRow,
    ConversationRow,
    FeedbackRow,
    IdentityLinkRow,
    MessageRow,
    OneTimeCodeRow,
    UnansweredRow,
)
from bot.web_tables import WebSessionRow

Row = TypeVar("Row", bound=SQLModel)
BEARERS = {
    "action.token", "approval.staff", "button.id", "button.values", "conversation.held_by",
    "conversation.pending", "one_time_code.salt", "one_time_code.digest", "identity_link.digest",
    "handoff_event.staff", "handoff_event.given_by", "note.staff", "rating.staff", "web_session.digest",
}  # fmt: skip
"""Columns that no package gives out: what lets somebody act, and who of the staff it was."""


def email_of(number: int) -> str:
    return f"{start_of(number)}member.email@example.com"


def start_of(number: int) -> str:
    return f"canary{number:02d}x"


class Planting:
    """Makes one customer; `markers` are theirs that a package must hold."""

    def __init__(self, app: App, number: int, right: Right) -> None:
        self.app, self.number, self.right = app, number, right
        self.markers: set[str] = set()
        self.reference = ""

    def row(self, table: type[Row], **given: Any) -> Row:
        """Make a row; every text column that is not given gets a marker."""
        values = dict(given)
        for name, field in table.model_fields.items():
            if name in given or name == "corrects_id":
                continue
            place = f"{table.__tablename__}.{name}"
            kind = str(field.annotation)
            marker = f"{start_of(self.number)}{place}."
            if name == "id" and table is not ButtonRow:
                continue
            if "dict" in kind or "list" in kind:
                values[name] = (
                    [{"n": marker}] if kind.startswith("list") or "list[dict" in kind else {"n": marker}
                )
            elif "str" in kind:
                values[name] = marker
            else:
                continue
            if place not in BEARERS:
                self.markers.add(marker)
        return table(**values)

    async def plant(self) -> None:
        now, app, email = self.app.clock.now(), self.app, email_of(self.number)
        today, until = now.date(), now + timedelta(minutes=10)
        async with unit_of_work(app.database, app.clock, app.seal) as unit:
            session = unit.session

            async def add(row: Row) -> Row:
                session.add(row)
                await session.flush()
                return row

            account = await add(
                self.row(
                    Account, status="closed", country="SK", created_at=now, last_active_at=now, closed_at=now
                )
            )
            own: dict[str, Any] = {"account_id": account.id}
            member = await add(self.row(Member, email=email, role="owner", language="sl", **own))
            mine: dict[str, Any] = {"member_id": member.id, "email": email}
            money: dict[str, Any] = {"net_cents": 1, "vat_cents": 1, "total_cents": 2, "currency": "EUR"}
            await add(self.row(Subscription, seats=1, price_cents=1, paid_until=today, currency="EUR", **own))
            await add(
                self.row(Credit, bought_on=today, months=1, seats=1, amount_cents=1, currency="EUR", **own)
            )
            invoice = await add(self.row(Invoice, issued_on=today, **own, **money))
            await add(self.row(Consent, given_at=now, **mine))
            talk = await add(self.row(ConversationRow, language="sl", created_at=now, **mine))
            actions = []
            for kind in ("cancel_account", "gdpr_request"):
                given = {"kind": kind, "step": "DONE", "language": "sl", "conversation_id": talk.id}
                named = f"{kind}-{self.number}"
                unique = {
                    "origin": named,
                    "reference": f"CW-{kind[:2].upper()}-{self.number:02d}",
                }
                if kind == "gdpr_request":
                    unique["token"] = named
                action = self.row(Action, proposed_at=now, confirmed_at=now, **given, **unique, **own, **mine)
                actions.append(await add(action))
                await add(Effect(confirmation=named, action_id=action.id, at=now))
                await unit.record(unit.entry(action, None, rule=f"{start_of(self.number)}log."))
                await unit.record(unit.entry(action, Step.DONE))
            self.markers.add(f"{start_of(self.number)}log.")
            done, filed = actions
            self.reference = filed.reference
            await add(
                self.row(
                    GdprCase, reference=filed.reference, right=self.right, received_at=now, due_on=today,
                    status="open", action_id=filed.id, **mine,
                )
            )  # fmt: skip
            await add(
                self.row(CreditNote, invoice_id=invoice.id, action_id=done.id, issued_on=today, **money)
            )
            content = f"{start_of(self.number)}paper.content".encode()
            await add(self.row(Paper, action_id=done.id, content=content, made_at=now))
            approval = await add(self.row(Approval, action_id=done.id, at=now))
            await unit.record(unit.entry(done, None, rule="approved", actor=unit.staff(approval.staff)))
            await add(self.row(Outbox, action_id=done.id, created_at=now, not_before=now, done_at=now))
            in_talk: dict[str, Any] = {"conversation_id": talk.id, "created_at": now}
            message = await add(self.row(MessageRow, seq=1, answers_id=None, **in_talk))
            await add(self.row(ButtonRow, conversation_id=talk.id, expires_at=until))
            await add(self.row(OneTimeCodeRow, email=email, expires_at=until, **in_talk))
            await add(self.row(IdentityLinkRow, expires_at=until, created_at=now, message_id=None, **mine))
            await add(self.row(FeedbackRow, message_id=message.id, helpful=True, **in_talk))
            await add(self.row(UnansweredRow, message_id=message.id, **in_talk))
            await add(self.row(WebSessionRow, email=email, used_at=now, created_at=now))
            await add(self.row(HandoffEventRow, seq=None, stars=5, **in_talk))
            await add(self.row(NoteRow, **in_talk))
            await add(self.row(RatingRow, id=f"rating{self.number}", stars=5, **in_talk))
