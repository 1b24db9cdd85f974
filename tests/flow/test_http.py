"""Webhook and signed API over real HTTP, served as `clausewise serve` serves them."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.channels.http import create_app, serve
from bot.channels.problems import BODY_LIMIT
from bot.channels.signing import sign
from bot.errors import ConfigurationError
from bot.model import Block, Button, ConversationState, Reply
from tests.fake_bot_api import TOKEN, FakeBotApi, Fault
from tests.fake_turn import FakeApp, fake_app, plain
from tests.serving import served

PATH = "/api/v1/messages"
KEY = "an-api-secret"
HOOK_SECRET = "hook_secret-1"
ANA = 7001


@pytest.fixture
async def bot_api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as running:
        yield running


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[FakeApp]:
    async with fake_app(tmp_path, port=0, api_secrets=(SecretStr("older"), SecretStr(KEY))) as made:
        yield made


@pytest.fixture
async def client(app: FakeApp) -> AsyncIterator[httpx.AsyncClient]:
    async with served(app) as made:
        yield made


@asynccontextmanager
async def hooked(folder: Path, bot_api: FakeBotApi) -> AsyncIterator[tuple[FakeApp, httpx.AsyncClient]]:
    """The service with Telegram's webhook, set to the address at which it really listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with fake_app(
        folder,
        port=port,
        public_url=f"http://127.0.0.1:{port}/",
        telegram_bot_token=SecretStr(TOKEN),
        telegram_api_url=bot_api.url,
        telegram_webhook_secret=SecretStr(HOOK_SECRET),
    ) as app:
        async with served(app) as client:
            yield app, client


def signed(app: FakeApp, body: bytes, *, key: str = KEY, path: str = PATH, age: int = 0) -> dict[str, str]:
    timestamp = int(app.clock.now().timestamp()) - age
    return {
        "X-Clausewise-Timestamp": str(timestamp),
        "X-Clausewise-Signature": sign(key, timestamp=timestamp, path=path, body=body),
    }


async def post(client: httpx.AsyncClient, app: FakeApp, message: Any) -> httpx.Response:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    app.clock.move(seconds=1)  # the very same request is taken once
    return await client.post(PATH, content=body, headers=signed(app, body))


def assert_problem(response: httpx.Response, status: int, said: str) -> None:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert said in problem["detail"]


async def test_a_signed_message_is_answered(app: FakeApp, client: httpx.AsyncClient) -> None:
    reply = Reply((Block("lead", "Here:"), Block("quote", "It is so.")), (Button("b1", "Helpful"),))
    app.turn.script = lambda _text, _press: [reply]
    app.turn.state = ConversationState.AWAITING_CHOICE
    response = await post(
        client, app, {"conversation": "c", "message_id": "1", "text": "kako?", "language": "sl"}
    )
    assert response.status_code == 200
    assert response.json() == {
        "replies": [
            {
                "text": "Here:\n\nIt is so.",
                "buttons": [{"id": "b1", "label": "Helpful"}],
                "citations": [],
            }
        ],
        "state": "awaiting_choice",
        "action_id": None,
        "error": None,
        "duplicate": False,
    }
    (row,) = await app.rows("in")
    assert (row.channel, row.text, row.body["language_code"]) == ("api", "kako?", "sl")
    assert [row.status for row in await app.rows("out")] == ["sent"]


async def test_a_press(app: FakeApp, client: httpx.AsyncClient) -> None:
    response = await post(client, app, {"conversation": "c", "message_id": "1", "press": "b1"})
    assert response.json()["replies"][0]["text"] == "pressed b1"


async def test_the_same_message_again_is_answered_from_the_record(
    app: FakeApp, client: httpx.AsyncClient
) -> None:
    message = {"conversation": "c", "message_id": "1", "text": "hi"}
    first = (await post(client, app, message)).json()
    again = (await post(client, app, message)).json()
    assert again["replies"] == first["replies"]
    assert (first["duplicate"], again["duplicate"]) == (False, True)
    assert app.turn.answered == ["hi"]


async def test_message_ids_belong_to_their_conversation(app: FakeApp, client: httpx.AsyncClient) -> None:
    for conversation, message_id in (("a", "1"), ("b", "1"), ("a:b", "c"), ("a", "b:c")):
        message = {"conversation": conversation, "message_id": message_id, "text": conversation}
        answer = (await post(client, app, message)).json()
        assert (answer["duplicate"], answer["replies"][0]["text"]) == (False, f"you said {conversation}")


async def test_two_at_once_get_their_own_replies(app: FakeApp, client: httpx.AsyncClient) -> None:
    messages = [{"conversation": "c", "message_id": str(n), "text": f"n{n}"} for n in range(6)]
    answers = await asyncio.gather(*(post(client, app, message) for message in messages))
    for number, answer in enumerate(answers):
        assert [reply["text"] for reply in answer.json()["replies"]] == [f"you said n{number}"]


async def test_what_the_desk_wrote_comes_with_the_next_answer(
    app: FakeApp, client: httpx.AsyncClient
) -> None:
    await post(client, app, {"conversation": "c", "message_id": "1", "text": "hi"})
    await app.staff_writes("api", "c", "Eva here")
    app.turn.script = lambda _text, _press: []
    answer = await post(client, app, {"conversation": "c", "message_id": "2", "text": "hello?"})
    assert [reply["text"] for reply in answer.json()["replies"]] == ["Eva here"]


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "are required"),
        ({"X-Clausewise-Timestamp": "soon", "X-Clausewise-Signature": "v1=00"}, "whole seconds"),
    ],
)
async def test_unsigned_is_refused(
    app: FakeApp, client: httpx.AsyncClient, headers: dict[str, str], said: str
) -> None:
    assert_problem(await client.post(PATH, content=b"{}", headers=headers), 401, said)
    assert await app.rows("in") == []


async def test_wrong_old_and_foreign_signatures_are_refused(app: FakeApp, client: httpx.AsyncClient) -> None:
    body = b'{"conversation": "c", "message_id": "1", "text": "hi"}'
    for headers, said in (
        (signed(app, body, key="guess"), "does not fit"),
        (signed(app, body, path="/elsewhere"), "does not fit"),
        (signed(app, body + b" "), "does not fit"),
        (signed(app, body, age=301), "seconds off"),
    ):
        assert_problem(await client.post(PATH, content=body, headers=headers), 401, said)
    odd = {**signed(app, body), "X-Clausewise-Signature": "v1=žluť"}
    raw = [(name.encode(), value.encode()) for name, value in odd.items()]
    assert_problem(await client.post(PATH, content=body, headers=raw), 401, "does not fit")
    assert await app.rows("in") == []
    assert (await client.post(PATH, content=body, headers=signed(app, body, age=300))).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
async def test_what_is_not_json_is_named(app: FakeApp, client: httpx.AsyncClient, body: bytes) -> None:
    assert_problem(await post(client, app, body), 400, "not JSON")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"text": None}, "exactly one of text and press"),
        ({"press": "b"}, "exactly one of text and press"),
        ({"language": "de"}, "language"),
        ({"message_id": 7}, "message_id"),
        ({"message_id": ""}, "message_id"),
        ({"conversation": "c\u0000"}, "control characters"),
        ({"conversation": "c" * 201}, "conversation"),
        ({"extra": 1}, "extra"),
    ],
)
async def test_what_does_not_fit_the_schema_is_named(
    app: FakeApp, client: httpx.AsyncClient, change: dict[str, Any], said: str
) -> None:
    message = {"conversation": "c", "message_id": "1", "text": "hi", **change}
    assert_problem(await post(client, app, message), 422, said)
    assert_problem(await post(client, app, b"[]"), 422, "dictionary")


async def test_text_that_no_database_stores_is_mended(app: FakeApp, client: httpx.AsyncClient) -> None:
    body = b'{"conversation": "c", "message_id": "1", "text": "a\\u0000b\\ud800"}'
    answer = await post(client, app, body)
    assert answer.json()["replies"][0]["text"] == "you said ab\ufffd"


async def test_a_body_has_its_limit(app: FakeApp, client: httpx.AsyncClient) -> None:
    message = {"conversation": "c", "message_id": "1", "text": ""}
    room = BODY_LIMIT - len(json.dumps(message))
    fits = json.dumps({**message, "text": "x" * room}).encode()
    assert len(fits) == BODY_LIMIT
    assert (await post(client, app, fits)).status_code == 200
    assert_problem(await post(client, app, fits + b" "), 413, str(BODY_LIMIT))

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b"x" * 65_536

    assert_problem(await client.post(PATH, content=chunks()), 413, str(BODY_LIMIT))


async def test_a_failing_turn_may_be_sent_again(app: FakeApp, client: httpx.AsyncClient) -> None:
    app.turn.storing_failures = 1
    message = {"conversation": "c", "message_id": "1", "text": "hi"}
    with capture_logs():
        response = await post(client, app, message)
    assert_problem(response, 503, "same message_id")
    assert response.headers["retry-after"] == "5"
    assert (await post(client, app, message)).json()["replies"][0]["text"] == "you said hi"


async def test_without_secrets_the_api_is_closed(tmp_path: Path) -> None:
    async with fake_app(tmp_path, port=0) as app, served(app) as client:
        assert_problem(await post(client, app, {}), 503, "API_SECRETS")


async def test_other_addresses_are_problems_too(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/nowhere"), 404, "Not Found")
    assert_problem(await client.get(PATH), 405, "Method Not Allowed")
    assert_problem(await client.post("/telegram/webhook", json={}), 404, "Not Found")


async def test_health(app: FakeApp, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await client.get("/healthz")).json() == {"status": "ok"}
    assert (await client.get("/readyz")).json() == {"status": "ready"}

    def broken() -> None:
        raise OSError("gone")

    monkeypatch.setattr(app.database, "read", broken)
    with capture_logs():
        assert_problem(await client.get("/readyz"), 503, "database")
    assert (await client.get("/healthz")).status_code == 200


async def test_the_schema_is_published(client: httpx.AsyncClient) -> None:
    schema = (await client.get("/openapi.json")).json()
    body = schema["paths"][PATH]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["properties"]) == {"conversation", "message_id", "text", "press", "language", "deliver"}


async def test_the_webhook_is_set_and_answers(tmp_path: Path, bot_api: FakeBotApi) -> None:
    async with hooked(tmp_path, bot_api) as (app, _client):
        assert bot_api.webhook["secret_token"] == HOOK_SECRET
        wanted = ["message", "edited_message", "callback_query", "my_chat_member"]
        assert json.loads(bot_api.webhook["allowed_updates"]) == wanted
        app.turn.script = lambda text, press: (
            [plain(f"pressed {press}")] if press else [Reply((Block("say", text),), (Button("b1", "Yes"),))]
        )
        assert await bot_api.push(await bot_api.user_says(ANA, "hook")) == 200
        await bot_api.until(lambda: len(bot_api.sent(ANA)) == 1)
        assert await bot_api.push(await bot_api.user_presses(ANA, "Yes")) == 200
        await bot_api.until(lambda: len(bot_api.sent(ANA)) == 2 and bool(bot_api.answered_queries))
    assert [message.text for message in bot_api.sent(ANA)] == ["hook", "pressed b1"]


async def test_200_means_stored(tmp_path: Path, bot_api: FakeBotApi) -> None:
    async with hooked(tmp_path, bot_api) as (app, _client):
        app.turn.storing_failures = 1
        update = await bot_api.user_says(ANA, "keep me")
        with capture_logs():
            assert await bot_api.push(update) == 503
        assert await app.rows("in") == []
        app.turn.failures = 1
        with capture_logs():
            assert await bot_api.push(update) == 200
            assert [row.text for row in await app.rows("in")] == ["keep me"]
            assert await bot_api.push(update) == 200
            await bot_api.until(lambda: len(bot_api.sent(ANA)) == 1)
        assert len(await app.rows("in")) == 1


async def test_a_restart_answers_what_was_stored(
    tmp_path: Path, bot_api: FakeBotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.answering.TRIES", 99)
    with capture_logs():
        async with hooked(tmp_path, bot_api) as (app, _client):
            app.turn.failures = 99
            assert await bot_api.push(await bot_api.user_says(ANA, "left over")) == 200
    assert bot_api.sent(ANA) == []
    async with hooked(tmp_path, bot_api):
        await bot_api.until(lambda: len(bot_api.sent(ANA)) == 1)
    assert bot_api.sent(ANA)[0].text == "you said left over"


@pytest.mark.parametrize("secret", [b"", b"wrong", "ključ".encode(), b"\xff", HOOK_SECRET.encode() + b"x"])
async def test_the_webhook_takes_nothing_without_its_secret(
    tmp_path: Path, bot_api: FakeBotApi, secret: bytes
) -> None:
    async with hooked(tmp_path, bot_api) as (app, client):
        update = json.dumps(await bot_api.user_says(ANA, "hi")).encode()
        headers = [(b"X-Telegram-Bot-Api-Secret-Token", secret)] if secret else []
        response = await client.post("/telegram/webhook", content=update, headers=headers)
        assert_problem(response, 401, "secret token")
        assert await app.rows("in") == []


async def test_odd_bodies_of_the_webhook(tmp_path: Path, bot_api: FakeBotApi) -> None:
    headers = {"X-Telegram-Bot-Api-Secret-Token": HOOK_SECRET}
    async with hooked(tmp_path, bot_api) as (_app, client):

        async def status(body: bytes) -> int:
            return (await client.post("/telegram/webhook", content=body, headers=headers)).status_code

        assert await status(b"{") == 400
        assert await status(b"x" * (BODY_LIMIT + 1)) == 413
        assert await status(b'{"update_id": 1, "poll_answer_of_the_future": {}}') == 200
        with capture_logs() as logs:
            assert await status(b'{"update_id": "x"}') == 200
            assert await status(b"[]") == 200
    assert {entry["event"] for entry in logs} == {"update-not-understood"}


@pytest.mark.parametrize(
    ("secret", "said"), [(None, "TELEGRAM_WEBHOOK_SECRET is not set"), ("ključ", "may have 1 to 256")]
)
async def test_no_webhook_without_a_usable_secret(tmp_path: Path, secret: str | None, said: str) -> None:
    async with fake_app(
        tmp_path,
        port=0,
        telegram_bot_token=SecretStr(TOKEN),
        telegram_webhook_secret=SecretStr(secret) if secret else None,
    ) as app:
        with pytest.raises(ConfigurationError, match=said):
            create_app(app)
        with pytest.raises(ConfigurationError, match=said):
            await serve(app, stop=asyncio.Event())


async def test_a_refused_webhook_is_a_clear_error(tmp_path: Path, bot_api: FakeBotApi) -> None:
    bot_api.fail("setWebhook", Fault(400, "Bad Request: bad webhook: HTTPS url must be provided"))
    with pytest.raises(ConfigurationError, match="HTTPS url must be provided"):
        async with hooked(tmp_path, bot_api):
            raise AssertionError("it must not start")


async def test_a_taken_port_is_a_clear_error(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        async with fake_app(tmp_path, port=taken.getsockname()[1]) as app:
            with pytest.raises(ConfigurationError, match="cannot listen"):
                await serve(app, stop=asyncio.Event())
