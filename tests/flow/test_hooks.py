"""Webhooks to a real local server: signed, deduplicated, in order, tried again for 72 hours."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import col, select

from actions.model import ActionKind, Denied, Receipt, Right, Step
from actions.store.tables import Action, Outbox
from actions.store.unit import unit_of_work
from bot.backoff import IN_ALL, next_wait
from bot.hooks import Hooks, sign
from bot.posting import HttpPoster
from tests.contract.acting import AGENT, OWNER, STRANGER, World, make_world
from tests.receivers import Receiver, receiving

SECRET = "canary-secret"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = await make_world(tmp_path)
    yield made
    await made.database.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


@pytest.fixture
async def hooks(world: World, receiver: Receiver) -> Hooks:
    hooks = Hooks(world.database, world.clock, HttpPoster(), receiver.url, SECRET)
    await hooks.collect()
    return hooks


async def work(hooks: Hooks) -> None:
    await hooks.collect()
    await hooks.deliver()


async def rows(world: World, prefix: str = "webhook.") -> list[Outbox]:
    async with world.database.read() as session:
        query = select(Outbox).where(col(Outbox.topic).startswith(prefix))
        return list((await session.exec(query.order_by(Outbox.topic))).all())


async def test_a_case_is_told_signed_and_without_anything_of_its_person(
    world: World, hooks: Hooks, receiver: Receiver
) -> None:
    receipt = await world.file(STRANGER, Right.ACCESS)
    await work(hooks)
    done, opened = [json.loads(body) for _, body in receiver.calls]
    assert (done["type"], opened["type"]) == ("action.done", "case.opened")
    assert done["action"]["id"] == opened["action"]["id"] == receipt.action_id
    assert done["action"]["reference"] == receipt.reference
    assert done["action"]["step"] == "DONE"
    assert opened["case"]["right"] == "access"
    assert opened["case"]["due_on"] == "2026-12-28"
    for headers, body in receiver.calls:
        assert b"stranger" not in body
        stamp = headers["x-clausewise-timestamp"]
        assert stamp == str(int(world.clock.now().timestamp()))
        expected = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        assert headers["x-clausewise-signature"] == f"v1={expected}"
        assert headers["x-clausewise-event"] == json.loads(body)["id"]
    await work(hooks)
    assert len(receiver.calls) == len(set(receiver.events)) == 2


async def test_a_withdrawn_action_is_told(world: World, hooks: Hooks, receiver: Receiver) -> None:
    pressed = await world.press(OWNER, await world.card(OWNER, ActionKind.CANCEL_ACCOUNT))
    assert isinstance(pressed, Receipt)
    await work(hooks)
    assert receiver.calls == []
    await world.service.withdraw(pressed.action_id, await world.principal(OWNER), "chat")
    await work(hooks)
    [(_, body)] = receiver.calls
    assert json.loads(body)["type"] == "action.withdrawn"
    assert json.loads(body)["action"]["step"] == Step.WITHDRAWN


async def test_an_end_without_an_effect_is_told_by_reference_step_and_rule_alone(
    world: World, hooks: Hooks, receiver: Receiver
) -> None:
    cancel = ActionKind.CANCEL_ACCOUNT
    denied = await world.propose(AGENT, cancel)
    assert isinstance(denied, Denied)
    await world.card(OWNER, cancel)
    world.clock.move(hours=1)
    [expired] = await world.service.expire()
    lost = await world.done(OWNER, cancel)
    async with unit_of_work(world.database, world.clock, world.seal) as unit:
        action = await unit.session.get_one(Action, lost.action_id)
        await unit.move(action, unit.entry(action, Step.EXECUTING))
    [unknown] = await world.service.recover()
    await world.service.settle(lost.action_id, "s1", is_done=False)
    await work(hooks)
    told = [json.loads(body) for _, body in receiver.calls]
    reference = (await world.action(denied.action_id or "")).reference
    assert sorted((one["type"], *one["action"].values()) for one in told) == [
        ("action.denied", reference, "DENIED", "not-owner"),
        ("action.expired", expired.reference, "EXPIRED", "expired"),
        ("action.failed", lost.reference, "FAILED", "settled"),
        ("action.outcome-unknown", unknown.reference, "OUTCOME_UNKNOWN", "interrupted"),
    ]
    assert {tuple(one) for one in told} == {("id", "type", "occurred_at", "action")}
    assert {tuple(one["action"]) for one in told} == {("reference", "step", "rule")}


async def test_a_right_exercised_at_once_opens_no_case(
    world: World, hooks: Hooks, receiver: Receiver
) -> None:
    await world.file(OWNER, Right.OBJECTION)
    await work(hooks)
    assert [json.loads(body)["type"] for _, body in receiver.calls] == ["action.done"]


async def test_a_refused_case_is_told(world: World, hooks: Hooks, receiver: Receiver) -> None:
    receipt = await world.file(STRANGER, Right.ERASURE)
    await world.service.refuse(receipt.action_id, "s1", "canary: the law says so")
    await work(hooks)
    types = [json.loads(body)["type"] for _, body in receiver.calls]
    assert types == ["action.done", "case.opened", "action.refused"]
    assert all(b"canary" not in body for _, body in receiver.calls)


async def test_after_an_error_the_same_event_comes_again_and_the_next_one_waits(
    world: World, hooks: Hooks, receiver: Receiver
) -> None:
    receiver.answers = [500]
    await world.file(STRANGER, Right.ACCESS)
    await work(hooks)
    assert len(receiver.calls) == 1
    world.clock.move(seconds=59)
    await work(hooks)
    assert len(receiver.calls) == 1
    world.clock.move(seconds=1)
    await work(hooks)
    first, again, second = receiver.events
    assert first == again != second
    assert receiver.calls[0][1] == receiver.calls[1][1]
    assert receiver.calls[0][0]["x-clausewise-timestamp"] != receiver.calls[1][0]["x-clausewise-timestamp"]
    assert [row.attempts for row in await rows(world)] == [2, 1]


async def test_another_action_does_not_wait(world: World, hooks: Hooks, receiver: Receiver) -> None:
    receiver.answers = [500]
    await world.file(STRANGER, Right.ACCESS)
    await hooks.collect()
    await hooks.deliver()
    other = await world.file(OWNER, Right.ACCESS)
    await work(hooks)
    told = [json.loads(body)["action"]["reference"] for _, body in receiver.calls]
    assert told[1:] == [other.reference] * 2


async def test_an_answer_that_never_comes_is_a_failure_and_the_event_comes_again(
    world: World, hooks: Hooks, receiver: Receiver
) -> None:
    receiver.answers = [0]
    await world.file(OWNER, Right.OBJECTION)
    await work(Hooks(world.database, world.clock, HttpPoster(seconds=0.5), receiver.url, SECRET))
    [row] = await rows(world)
    assert row.last_error == "no answer within 0.5 seconds"
    world.clock.move(minutes=1)
    await work(hooks)
    assert len(receiver.events) == 2
    assert len(set(receiver.events)) == 1


async def test_a_receiver_that_is_gone_is_asked_once(world: World, hooks: Hooks, receiver: Receiver) -> None:
    receiver.answers = [410]
    receipt = await world.file(OWNER, Right.OBJECTION)
    await work(hooks)
    world.clock.move(days=4)
    await work(hooks)
    assert len(receiver.calls) == 1
    [task] = await rows(world, "staff.webhook-failed.")
    assert task.payload["reference"] == receipt.reference
    assert task.payload["reason"] == "answered with status 410"
    assert "body" not in task.payload


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(
    world: World, hooks: Hooks, receiver: Receiver, status: int
) -> None:
    receiver.answers = [status]
    await world.file(OWNER, Right.OBJECTION)
    await work(hooks)
    assert len(receiver.calls) == 1
    [row] = await rows(world)
    assert row.last_error == f"answered with status {status}, and redirects are not followed"
    assert row.done_at is None


async def test_nobody_there_for_72_hours_makes_a_task_for_staff(world: World, receiver: Receiver) -> None:
    hooks = Hooks(world.database, world.clock, HttpPoster(seconds=0.5), "http://127.0.0.1:9/", SECRET)
    await hooks.collect()
    await world.file(OWNER, Right.OBJECTION)
    started, tries = world.clock.now(), 0
    while True:
        await work(hooks)
        tries += 1
        wait = next_wait(tries)
        assert len(await rows(world, "staff.webhook-failed.")) == (wait is None)
        if wait is None:
            break
        world.clock.move(seconds=wait.total_seconds())
    assert world.clock.now() - started == IN_ALL
    [row] = await rows(world)
    assert (row.attempts, row.done_at) == (tries, world.clock.now())
    assert "not reached" in (row.last_error or "")


async def test_an_event_is_one_whoever_collects_it(world: World, hooks: Hooks, receiver: Receiver) -> None:
    await world.file(STRANGER, Right.ACCESS)
    another = Hooks(world.database, world.clock, HttpPoster(), receiver.url, SECRET)
    await hooks.collect()
    await another.collect()
    assert len(await rows(world)) == 2


async def test_what_happened_before_the_first_look_is_not_told(world: World, receiver: Receiver) -> None:
    await world.file(STRANGER, Right.ACCESS)
    hooks = Hooks(world.database, world.clock, HttpPoster(), receiver.url, SECRET)
    await work(hooks)
    await work(hooks)
    assert receiver.calls == []


def test_the_vector_of_the_documentation(root: Path) -> None:
    page = (root / "docs" / "webhooks.md").read_text(encoding="utf-8")
    assert sign("example-secret", 1795514400, b'{"id":"evt_1"}') in page
