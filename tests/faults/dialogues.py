"""Whole dialogues that can be played again from the start, and what must stand once they were."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as mail_policy
from pathlib import Path
from typing import TypedDict

from sqlmodel import col, select

from actions.approving import LOCAL
from actions.model import ActionKind, Step
from actions.store.tables import Account, Action, CreditNote, Effect, GdprCase, Member, Outbox
from bot.app import App
from bot.model import ConversationState, Incoming, Sender, TurnResult
from bot.tables import ButtonRow, MessageRow
from tests.fakes import MovingClock
from tests.make import words

OWNER = "olivia.owner@example.com"

Move = tuple[str, str]
"""("says", text), ("types", "code"), ("presses", kind of button), ("staff", "approves"), ("waits", hours)."""


@dataclass(frozen=True)
class Dialogue:
    kind: ActionKind
    moves: tuple[Move, ...]
    tier: str = "auto"


_PROOF: tuple[Move, ...] = (("says", OWNER), ("types", "code"))
_END: tuple[Move, ...] = (("waits", "1"), ("waits", "48"))
_CANCEL: tuple[Move, ...] = (("says", "please cancel my account"), *_PROOF, ("presses", "confirm"))
_CORRECT: tuple[Move, ...] = (
    ("says", "there is a wrong company name on our last invoice, please correct it"),
    *_PROOF,
    ("says", "Renamed Teapots Ltd"),
    ("presses", "skip"),
    ("presses", "skip"),
    ("presses", "confirm"),
)
_ERASE: tuple[Move, ...] = (
    ("says", "please delete all personal data you have about me"),
    *_PROOF,
    ("presses", "confirm"),
)
DIALOGUES: dict[str, Dialogue] = {
    "cancellation by staff": Dialogue(
        ActionKind.CANCEL_ACCOUNT, (*_CANCEL, ("staff", "approves"), *_END), "staff"
    ),
    "cancellation": Dialogue(ActionKind.CANCEL_ACCOUNT, (*_CANCEL, *_END)),
    "correction": Dialogue(ActionKind.INVOICE_CORRECTION, (*_CORRECT, *_END)),
    "data protection": Dialogue(ActionKind.GDPR_REQUEST, (*_ERASE, *_END)),
}


class Mailbox:
    """The folder into which the mail server puts what it takes; a file is there before the server says so."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    @property
    def mails(self) -> list[EmailMessage]:
        read = [
            message_from_bytes(path.read_bytes(), policy=mail_policy)
            for path in sorted(self.folder.glob("*.eml"))
        ]
        return [mail for mail in read if isinstance(mail, EmailMessage)]

    @property
    def codes(self) -> list[str]:
        """The codes that were mailed, oldest first."""
        found = (re.search(r"\b\d{6}\b", words(mail)) for mail in self.mails if not mail["X-Reference"])
        return [code[0] for code in found if code]

    @property
    def notices(self) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["X-Reference"]]


@dataclass
class Player:
    """The customer, staff and the clock. `watch` is a file that keeps the moment over a death."""

    app: App
    clock: MovingClock
    mailbox: Mailbox
    watch: Path

    async def play(self, moves: tuple[Move, ...]) -> None:
        """All of it. To repeat it, with the same message ids, does no harm."""
        for number, (what, value) in enumerate(moves):
            match what:
                case "says":
                    await self._sends(f"message-{number}", text=value)
                case "types":
                    await self._types(number)
                case "presses":
                    await self._sends(f"message-{number}", press=await self._button(value))
                case "staff":
                    for one in await self.app.actions.listed():
                        await self.app.actions.approve(one.receipt.reference, LOCAL)
                case "waits":
                    self._move(hours=float(value))
                    await self.app.worker.tick()
            self._move(seconds=20)

    def _move(self, **by: float) -> None:
        self.clock.move(**by)
        self.watch.write_text(self.clock.now().isoformat(), encoding="utf-8")

    async def _sends(self, name: str, *, text: str | None = None, press: str | None = None) -> TurnResult:
        incoming = Incoming("test", "chat", name, Sender(external_id="chat"), text=text, press=press)
        return await self.app.turn(incoming)

    async def _types(self, number: int) -> None:
        """Type the newest code; it must not be used up by a message that a kill left unanswered."""
        result = await self._sends(f"message-{number}", text=self.mailbox.codes[-1])
        assert result.state is not ConversationState.AWAITING_CODE

    async def _button(self, kind: str) -> str:
        """The button of this kind that was shown last."""
        async with self.app.database.read() as session:
            out = select(MessageRow).where(MessageRow.direction == "out")
            for message in (await session.exec(out.order_by(col(MessageRow.seq).desc()))).all():
                for button in message.body["buttons"]:
                    row = await session.get(ButtonRow, button["id"])
                    if row is not None and row.kind == kind:
                        return row.id
        raise AssertionError(f"no button {kind}")


def moment(watch: Path) -> datetime | None:
    """When the process before this one died."""
    text = watch.read_text(encoding="utf-8") if watch.exists() else ""
    return datetime.fromisoformat(text).astimezone(UTC) + timedelta(seconds=5) if text else None


class Left(TypedDict):
    """What had to leave the house: how many mails, and each event's body by its id."""

    reference: str
    mails: int
    events: dict[str, str]


async def assert_once(app: App, dialogue: Dialogue) -> Left:
    """One effect, whole, told in full."""
    kind = dialogue.kind
    async with app.database.read() as session:
        [action] = (await session.exec(select(Action))).all()
        assert (action.kind, action.step) == (kind, Step.DONE)
        assert len((await session.exec(select(Effect))).all()) == 1
        assert len((await session.exec(select(CreditNote))).all()) == (kind == "invoice_correction")
        assert len((await session.exec(select(GdprCase))).all()) == (kind == "gdpr_request")
        member = (await session.exec(select(Member).where(Member.email == OWNER))).one()
        account = await session.get_one(Account, member.account_id)
        assert account.status == ("closed" if kind == "cancel_account" else "active")
        outbox = (await session.exec(select(Outbox))).all()
        inbound = (await session.exec(select(MessageRow).where(MessageRow.direction == "in"))).all()
        told = (await session.exec(select(MessageRow).where(MessageRow.direction == "out"))).all()
    assert len({row.topic for row in outbox}) == len(outbox)
    assert {message.status for message in inbound} == {"answered"}
    done = app.messages.say("en", "receipt.step.DONE")
    receipts = [message for message in told if action.reference in message.text and done in message.text]
    assert len(receipts) == 1
    gone = [row for row in outbox if row.topic.startswith(("mail.", "webhook."))]
    assert all(row.done_at and row.last_error is None for row in gone), "something was not delivered"
    return Left(
        reference=action.reference,
        mails=sum(row.topic.startswith("mail.") for row in gone),
        events={row.payload["event"]: row.payload["body"] for row in gone if "event" in row.payload},
    )
