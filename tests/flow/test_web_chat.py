"""The web chat's endpoints over real HTTP: sessions, messages, events, and what is refused."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from pydantic import SecretStr
from sqlmodel import select

from bot.channels.problems import BODY_LIMIT
from bot.model import Block, Button, Reply
from bot.web_tables import WebSessionRow
from tests.fake_turn import FakeApp, fake_app
from tests.flow.test_http import assert_problem
from tests.serving import served

SHOP = "https://shop.example"
SECRET = "0123456789abcdef" * 4


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[FakeApp]:
    async with fake_app(
        tmp_path,
        port=0,
        web_origins=SHOP,
        site_jwt_secret=SecretStr(SECRET),
        site_jwt_audience="clausewise",
        limit_per_conversation="30/minute",
    ) as made:
        yield made


@pytest.fixture
async def client(app: FakeApp) -> AsyncIterator[httpx.AsyncClient]:
    async with served(app) as made:
        yield made


async def begun(client: httpx.AsyncClient, **body: Any) -> dict[str, str]:
    """The header of a new session."""
    answer = await client.post("/chat/sessions", json=body)
    assert answer.status_code == 201
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def write(client: httpx.AsyncClient, own: dict[str, str], **body: Any) -> httpx.Response:
    return await client.post("/chat/messages", json={"id": str(uuid4()), **body}, headers=own)


async def heard(
    client: httpx.AsyncClient, own: dict[str, str], count: int, after: int = 0, path: str = "", **headers: str
) -> list[dict[str, Any]]:
    """The next `count` messages after a place."""
    found: list[dict[str, Any]] = []
    path = path or f"/chat/events?after={after}"
    async with asyncio.timeout(30), client.stream("GET", path, headers={**own, **headers}) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        name = ""
        async for line in stream.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: ") and name == "message":
                found.append(json.loads(line.removeprefix("data: ")))
            if len(found) == count:
                break
    return found


def token(app: FakeApp, **changed: object) -> str:
    now = int(app.clock.now().timestamp())
    claims = {"iat": now, "exp": now + 300, "aud": "clausewise", "email": "a@example.com", **changed}
    return jwt.encode(claims, SECRET)


async def test_a_message_is_stored_answered_and_heard(app: FakeApp, client: httpx.AsyncClient) -> None:
    reply = Reply((Block("quote", "It is so."), Block("source", "Terms")), (Button("b1", "Helpful"),))
    app.turn.script = lambda _text, _press: [reply]
    own = await begun(client)
    assert (await write(client, own, text="why?", language="sl")).status_code == 202
    question, answer = await heard(client, own, 2)
    assert (question["from"], question["text"], question["seq"]) == ("customer", "why?", 1)
    assert (answer["from"], answer["seq"]) == ("assistant", 2)
    assert answer["blocks"] == [{"kind": "quote", "text": "It is so."}, {"kind": "source", "text": "Terms"}]
    assert answer["buttons"] == [{"id": "b1", "label": "Helpful"}]
    (row,) = await app.rows("in")
    assert (row.channel, row.body["language_code"]) == ("web", "sl")


async def test_the_same_message_again_is_answered_once(app: FakeApp, client: httpx.AsyncClient) -> None:
    own, other = await begun(client), await begun(client)
    message = {"id": str(uuid4()), "text": "hi"}
    answers = await asyncio.gather(*(write(client, own, **message) for _ in range(5)))
    assert [answer.status_code for answer in answers] == [202] * 5
    assert sorted(answer.json()["duplicate"] for answer in answers) == [False, True, True, True, True]
    await heard(client, own, 2)
    assert app.turn.answered == ["hi"]
    # The id is another session's own there.
    assert (await write(client, other, **message)).json() == {"duplicate": False}


async def test_a_press_is_known_again_when_the_page_is_loaded_anew(
    app: FakeApp, client: httpx.AsyncClient
) -> None:
    own = await begun(client)
    await write(client, own, press="b1")
    press, answer = await heard(client, own, 2)
    assert (press["press"], press["text"]) == ("b1", "")
    assert answer["blocks"][0]["text"] == "pressed b1"


async def test_what_the_browser_has_counts_as_sent(app: FakeApp, client: httpx.AsyncClient) -> None:
    own = await begun(client)
    await write(client, own, text="one")
    await write(client, own, text="two")
    entries = await heard(client, own, 4)
    assert [row.status for row in await app.rows("out")] == ["pending", "pending"]
    first = min(entry["seq"] for entry in entries if entry["from"] == "assistant")
    assert (await client.post("/chat/seen", json={"after": first}, headers=own)).status_code == 204
    assert [row.status for row in await app.rows("out")] == ["sent", "pending"]
    left = await heard(client, own, 4 - first, after=0, **{"Last-Event-ID": str(first)})
    assert [entry["seq"] for entry in left] == list(range(first + 1, 5))


async def test_a_reload_brings_the_last_messages_and_the_others_on_demand(
    app: FakeApp, client: httpx.AsyncClient
) -> None:
    own, other = await begun(client), await begun(client)
    for number in range(3):
        await write(client, own, text=str(number))
    await heard(client, own, 6)
    last = await heard(client, own, 2, path="/chat/events?last=2")
    assert [entry["seq"] for entry in last] == [5, 6]
    before = await client.get("/chat/messages?before=5", headers=own)
    assert [entry["seq"] for entry in before.json()["messages"]] == [1, 2, 3, 4]
    assert (await client.get("/chat/messages?before=5", headers=other)).json() == {"messages": []}
    assert_problem(await client.get("/chat/messages?before=5"), 401, "no such session")


async def test_a_person_is_told_from_the_machine(app: FakeApp, client: httpx.AsyncClient) -> None:
    own = await begun(client)
    await write(client, own, text="hi")
    await heard(client, own, 2)
    (row,) = await app.rows("in")
    async with app.database.read() as session:
        chat_id = (await session.exec(select(WebSessionRow.chat_id))).one()
    listening = asyncio.create_task(heard(client, own, 1, after=2))
    await app.staff_writes("web", chat_id, "Eva here")
    (entry,) = await listening
    assert (entry["from"], entry["name"]) == ("person", "Eva")
    assert row.external_id is not None
    assert row.external_id.startswith(chat_id)


async def test_the_database_has_no_token(app: FakeApp, client: httpx.AsyncClient) -> None:
    own = await begun(client)
    async with app.database.read() as session:
        (row,) = (await session.exec(select(WebSessionRow))).all()
    secret = own["Authorization"].removeprefix("Bearer ")
    assert len(secret) == 43
    assert secret not in str(row.model_dump())


@pytest.mark.parametrize("path", ["messages", "seen", "language", "identity"])
async def test_without_a_session_nothing_is_done(client: httpx.AsyncClient, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer guess"}, {"Authorization": "Basic x"}):
        assert_problem(await client.post(f"/chat/{path}", json={}, headers=headers), 401, "no such session")
        assert_problem(await client.get("/chat/events", headers=headers), 401, "no such session")


async def test_who_the_site_vouches_for(app: FakeApp, client: httpx.AsyncClient) -> None:
    own = await begun(client, identity=token(app))
    await write(client, own, text="hi")
    guest = await begun(client)
    answer = await client.post("/chat/identity", json={"identity": token(app)}, headers=guest)
    assert answer.status_code == 204
    await write(client, guest, text="hi")
    assert [row.body["vouched_email"] for row in await app.rows("in")] == ["a@example.com"] * 2
    other = {"identity": token(app, email="b@example.com")}
    assert_problem(await client.post("/chat/identity", json=other, headers=guest), 409, "another person")
    for bad, said in (({"aud": "other"}, "another audience"), ({"exp": 1}, "expired")):
        refused = await client.post("/chat/sessions", json={"identity": token(app, **bad)})
        assert_problem(refused, 401, said)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"text": None}, "exactly one of text and press"),
        ({"press": "b"}, "exactly one of text and press"),
        ({"id": "seven"}, "id"),
        ({"language": "de"}, "language"),
        ({"extra": 1}, "extra"),
    ],
)
async def test_what_does_not_fit_is_named(
    app: FakeApp, client: httpx.AsyncClient, body: dict[str, Any], said: str
) -> None:
    assert_problem(await write(client, await begun(client), **{"text": "hi", **body}), 422, said)
    assert await app.rows("in") == []


async def test_bodies_of_another_type_or_size_are_refused(client: httpx.AsyncClient) -> None:
    own = await begun(client)
    plain = await client.post("/chat/messages", content=b"{}", headers={**own, "Content-Type": "text/plain"})
    assert_problem(plain, 415, "application/json")
    assert_problem(await write(client, own, text="x" * BODY_LIMIT), 413, str(BODY_LIMIT))
    assert_problem(await client.get("/chat/events?after=-1", headers=own), 422, "after")
    assert_problem(await client.get("/chat/nowhere"), 404, "Not Found")


async def test_a_conversation_has_its_limit(client: httpx.AsyncClient) -> None:
    own = await begun(client)
    for _ in range(30):
        assert (await write(client, own, text="hi")).status_code == 202
    refused = await write(client, own, text="hi")
    assert_problem(refused, 429, "wait")
    assert int(refused.headers["retry-after"]) > 0


async def test_what_cannot_be_stored_may_be_sent_again(app: FakeApp, client: httpx.AsyncClient) -> None:
    own = await begun(client)
    app.turn.storing_failures = 1
    assert_problem(await write(client, own, text="hi"), 503, "same id")
    assert (await write(client, own, text="hi")).status_code == 202


async def test_a_stop_ends_the_streams(app: FakeApp) -> None:
    """In good order: a stream that the stop has to break ends with an error here."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as listener:
        async with served(app) as client:
            own = await begun(client)
            request = listener.build_request("GET", client.base_url.join("/chat/events"), headers=own)
            stream = await listener.send(request, stream=True)
            lines = stream.aiter_lines()
            assert await anext(lines) == "event: standing"
        left = [line async for line in lines]
    assert left[0].startswith("data: ")
