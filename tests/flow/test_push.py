"""Replies of the signed API by webhook: to a real server, signed, once, tried again for 72 hours."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.backoff import FIRST, IN_ALL, next_wait
from bot.channels.api import PATH
from bot.channels.api_push import Order, PushChannel
from bot.delivery import Delivery
from bot.posting import HttpPoster
from tests.fake_turn import FakeApp, fake_app
from tests.receivers import Receiver, receiving
from tests.serving import KEY, call, served

PUSH_SECRET = "push-canary"


def message(number: int = 1, text: str = "hi", **more: Any) -> dict[str, Any]:
    return {"conversation": "c", "message_id": str(number), "text": text, **more}


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


@pytest.fixture
async def pushing(tmp_path: Path, receiver: Receiver) -> AsyncIterator[FakeApp]:
    secrets: dict[str, Any] = {"api_secrets": (SecretStr(KEY),), "api_push_secret": SecretStr(PUSH_SECRET)}
    async with fake_app(tmp_path, port=0, api_push_url=receiver.url, **secrets) as made:
        yield made


async def called(receiver: Receiver, times: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(30):
        while len(receiver.calls) < times:  # noqa: ASYNC110  (another side of a socket)
            await asyncio.sleep(0.02)
    return [json.loads(body) for _, body in receiver.calls]


async def test_what_no_answer_carried_is_pushed_signed_and_once(pushing: FakeApp, receiver: Receiver) -> None:
    async with served(pushing) as client:
        answered = await call(client, pushing, PATH, message())
        assert [reply["text"] for reply in answered.json()["replies"]] == ["you said hi"]
        await call(client, pushing, PATH, message(2, "later please", deliver="later"))
        await called(receiver, 1)
        await pushing.staff_writes("api", "c", "Eva here")
        pushed = await called(receiver, 2)
    assert [told["message"]["text"] for told in pushed] == ["you said later please", "Eva here"]
    assert [told["message"]["author"] for told in pushed] == ["bot", "person"]
    assert {told["conversation"] for told in pushed} == {"c"}
    rows = {row.id: row.status for row in await pushing.rows("out")}
    assert set(rows.values()) == {"sent"}
    for (headers, body), told in zip(receiver.calls, pushed, strict=True):
        stamp = headers["x-clausewise-timestamp"]
        expected = hmac.new(PUSH_SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        assert headers["x-clausewise-signature"] == f"v1={expected}"
        assert headers["x-clausewise-event"] == told["id"] == told["message"]["id"]
        assert told["id"] in rows


async def test_a_receiver_that_fails_gets_the_same_event_for_72_hours(
    pushing: FakeApp, receiver: Receiver
) -> None:
    app = pushing
    channel = PushChannel(app.database, app.clock, HttpPoster(), Order(), receiver.url, PUSH_SECRET)
    delivery = Delivery(app.transcript, channel, app.clock, tries=1000)
    async with served(await _quiet(app)) as client:
        await call(client, app, PATH, message())
    await app.staff_writes("api", "c", "are you there?")
    receiver.answers = [500] * 100
    started, tries = app.clock.now(), 0
    with capture_logs():
        while (await app.rows("out"))[-1].status == "pending":
            await delivery.drain()
            tries += 1
            if wait := next_wait(tries):
                app.clock.move(seconds=wait.total_seconds())
    assert (app.clock.now() - started, len(receiver.calls)) == (IN_ALL, tries)
    assert len(set(receiver.events)) == 1
    assert (await app.rows("out"))[-1].status == "failed"


async def _quiet(app: FakeApp) -> FakeApp:
    """The same application, which pushes nothing by itself."""
    app.settings = app.settings.model_copy(update={"api_push_url": ""})
    return app


async def test_a_failed_push_does_not_hold_back_answers(pushing: FakeApp, receiver: Receiver) -> None:
    receiver.answers = [500, 500, 500]
    with capture_logs():
        async with served(pushing) as client:
            await call(client, pushing, PATH, message(1, "a", deliver="later"))
            await called(receiver, 1)
            answered = await call(client, pushing, PATH, message(2, "b"))
            assert [reply["text"] for reply in answered.json()["replies"]] == ["you said b"]
            pushing.clock.move(seconds=FIRST.total_seconds())
            receiver.answers = []
            pushed = await called(receiver, 2)
    assert [told["message"]["text"] for told in pushed] == ["you said a", "you said a"]
