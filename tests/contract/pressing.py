"""Presses that come at once, from processes of their own: what must hold of every round of them."""

import asyncio
import random
from collections.abc import Awaitable, Sequence
from dataclasses import replace

from sqlmodel import col, select

from actions.log import entries
from actions.model import ActionKind, Level, NeedsConfirmation, Principal, Proposal, Receipt, Rejected, Step
from actions.store.tables import Account, Action, CreditNote, Effect, GdprCase, Member, Outbox
from bot.database import Database
from tests.contract.acting import OWNER, World

PRESSES = 100
ENDED = (Step.DONE, Step.WITHDRAWN, Step.DENIED, Step.EXPIRED, Step.FAILED)


def beside(world: World) -> World:
    """Another process on the same store: nothing in common with `world` but the database and the clock."""
    return replace(world, database=Database(world.database.url)).another_process()


async def new_owner(world: World, number: int) -> Principal:
    """The owner of an account that was made for this round."""
    email = f"round-{number}@example.net"
    async with world.database.write() as session:
        now = world.clock.now()
        account = Account(
            company=f"Round {number} Ltd", country="SK", address="1 Road", created_at=now, last_active_at=now
        )
        session.add(account)
        await session.flush()
        member = Member(account_id=account.id, email=email, name="R", role="owner", language="en")
        session.add(member)
    return await world.principal(email)


async def asked(world: World, person: Principal, kind: ActionKind, **arguments: str) -> NeedsConfirmation:
    origin = f"{kind}-{person.email}-{arguments}"
    card = await world.service.propose(Proposal(kind, person, "chat", origin, arguments))
    assert isinstance(card, NeedsConfirmation), card
    return card


async def press_at_once(world: World, other: World, number: int) -> None:
    """A hundred presses of one card have one effect, and all are answered with its one reference."""
    if number % 10 == 0:
        person, kind = await world.principal(OWNER), ActionKind.INVOICE_CORRECTION
        card = await asked(world, person, kind, company=f"Teapots {number} Ltd")
    else:
        person, kind = Principal(Level.VERIFIED, f"round-{number}@example.net"), ActionKind.GDPR_REQUEST
        card = await asked(world, person, kind, right="access")
    presses = [
        (world, other)[turn % 2].service.confirm(card.token, person, "chat") for turn in range(PRESSES)
    ]
    receipts = await asyncio.gather(*presses)
    assert {type(receipt) for receipt in receipts} == {Receipt}
    assert len({receipt.reference for receipt in receipts if isinstance(receipt, Receipt)}) == 1
    assert (await world.steps(card.action_id)).count("DONE") == 1
    async with world.database.read() as session:
        effects = (await session.exec(select(Effect).where(Effect.action_id == card.action_id))).all()
        topics = (await session.exec(select(Outbox.topic).where(Outbox.action_id == card.action_id))).all()
        notes = (await session.exec(select(CreditNote).where(CreditNote.action_id == card.action_id))).all()
        cases = (await session.exec(select(GdprCase).where(GdprCase.action_id == card.action_id))).all()
    assert len(effects) == 1
    assert (len(notes), len(cases)) == ((1, 0) if kind is ActionKind.INVOICE_CORRECTION else (0, 1))
    assert sorted(topics) == sorted(set(topics))
    assert topics.count("mail.receipt") == 1


async def confirm_against_withdraw(world: World, other: World, number: int) -> Step:
    """A card is confirmed and taken back at once. Return what it came to."""
    person = Principal(Level.VERIFIED, f"card-{number}@example.net")
    card = await asked(world, person, ActionKind.GDPR_REQUEST, right="access")
    confirmed, withdrawn = await _raced(
        number,
        world.service.confirm(card.token, person, "chat"),
        other.service.withdraw(card.action_id, person, "chat"),
    )
    steps, action = await _told(world, card.action_id)
    if action.step == Step.WITHDRAWN:
        assert isinstance(withdrawn, Receipt)
        assert withdrawn.step is Step.WITHDRAWN
        if Step.SCHEDULED in steps:  # taken back between the confirmation and the effect
            assert isinstance(confirmed, Receipt)
            assert confirmed.step is Step.WITHDRAWN
        else:
            assert confirmed == Rejected("withdrawn", action.id)
    else:
        assert action.step == Step.DONE
        assert isinstance(confirmed, Receipt)
        assert confirmed.step is Step.DONE
        assert withdrawn == Rejected("too-late", action.id)
    return Step(action.step)


async def effect_against_withdraw(world: World, other: World, number: int) -> Step:
    """The moment of a cancellation has come when it is taken back. Return what it came to."""
    person = await new_owner(world, number)
    card = await asked(world, person, ActionKind.CANCEL_ACCOUNT)
    receipt = await world.service.confirm(card.token, person, "chat")
    assert isinstance(receipt, Receipt)
    assert receipt.step is Step.SCHEDULED
    world.clock.move(days=5)
    ran, withdrawn, again, ran_too = await _raced(
        number,
        world.service.run_due(),
        other.service.withdraw(card.action_id, person, "chat"),
        world.service.withdraw(card.action_id, person, "chat"),
        other.service.run_due(),
    )
    steps, action = await _told(world, card.action_id)
    assert action.step in (Step.DONE, Step.WITHDRAWN)
    is_done = action.step == Step.DONE
    for answer in (withdrawn, again):
        if is_done:
            assert answer == Rejected("too-late", action.id)
        else:
            assert isinstance(answer, Receipt)
            assert answer.step is Step.WITHDRAWN
    assert isinstance(ran, Sequence)
    assert isinstance(ran_too, Sequence)
    assert {one.step for one in [*ran, *ran_too]} <= {action.step}
    assert steps.count(Step.EXECUTING) == is_done
    async with world.database.read() as session:
        account = await session.get_one(Account, person.account_id)
    assert account.status == ("closed" if is_done else "active")
    return Step(action.step)


async def _raced(number: int, *calls: Awaitable[object]) -> list[object]:
    """Start the calls in an order and at moments that `number` chooses; return their answers as given."""
    chance = random.Random(number)
    # The longest head start is more than a whole call takes, so that each side wins in some rounds.
    order = sorted(range(len(calls)), key=lambda _: chance.random())
    waits = [chance.choice((0, 0, 1, 2, 4, 8, 16, 32, 64, 128)) * 0.001 for _ in calls]
    answers: dict[int, object] = {}

    async def call(place: int) -> None:
        await asyncio.sleep(waits[place])
        answers[place] = await calls[place]

    await asyncio.gather(*map(call, order))
    return [answers[place] for place in range(len(calls))]


async def _told(world: World, action_id: str) -> tuple[list[str | None], Action]:
    """The steps of an action in the log, which ends once, and where it stands, which is where it ended."""
    steps = [entry.step for entry in await entries(world.database, action_id=action_id) if entry.step]
    action = await world.action(action_id)
    assert [step for step in steps if step in ENDED] == [action.step]
    assert steps[-1] == action.step
    async with world.database.read() as session:
        effects = (await session.exec(select(Effect).where(col(Effect.action_id) == action_id))).all()
    assert len(effects) == (action.step == Step.DONE)
    return list(steps), action
