"""The signed API besides the answer in the request: replay, idempotency, long poll, problems, docs."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlmodel import func, select
from structlog.testing import capture_logs

from bot.api_tables import RecordedAnswerRow, SignatureRow
from bot.channels.api import LINKS_PATH, PATH
from bot.model import Block, Button, Reply
from tests.fake_turn import FakeApp, fake_app, plain
from tests.serving import KEY, call, served, signature

POLL = "/api/v1/conversations/c/messages"


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[FakeApp]:
    async with fake_app(tmp_path, port=0, api_secrets=(SecretStr(KEY), SecretStr("another"))) as made:
        yield made


@pytest.fixture
async def client(app: FakeApp) -> AsyncIterator[httpx.AsyncClient]:
    async with served(app) as made:
        yield made


def message(number: int = 1, text: str = "hi", **more: Any) -> dict[str, Any]:
    return {"conversation": "c", "message_id": str(number), "text": text, **more}


@pytest.mark.parametrize(
    ("age", "status"), [(299, 200), (300, 200), (301, 401), (-299, 200), (-300, 200), (-301, 401)]
)
async def test_five_minutes_either_way(
    app: FakeApp, client: httpx.AsyncClient, age: int, status: int
) -> None:
    body = json.dumps(message()).encode()
    response = await client.post(PATH, content=body, headers=signature(app, PATH, body, age=age))
    assert response.status_code == status


async def test_the_same_signed_bytes_are_taken_once(app: FakeApp, client: httpx.AsyncClient) -> None:
    body = json.dumps(message()).encode()
    headers = signature(app, PATH, body, age=-300)
    assert (await client.post(PATH, content=body, headers=headers)).status_code == 200
    for later in (0, 599, 1):
        app.clock.move(seconds=later)
        replayed = await client.post(PATH, content=body, headers=headers)
        assert (replayed.status_code, replayed.headers["retry-after"]) == (409, "1")
        assert "sign it anew" in replayed.json()["detail"]
    app.clock.move(seconds=1)
    assert (await client.post(PATH, content=body, headers=headers)).status_code == 401
    assert (await call(client, app, PATH, message())).json()["duplicate"] is True
    assert app.turn.answered == ["hi"]


async def test_of_many_replays_at_once_one_gets_through(app: FakeApp, client: httpx.AsyncClient) -> None:
    headers = signature(app, POLL)
    answers = await asyncio.gather(*(client.get(POLL, headers=headers) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 5]


async def test_the_query_is_signed_too(app: FakeApp, client: httpx.AsyncClient) -> None:
    assert (await client.get(POLL, headers=signature(app, POLL))).status_code == 200
    assert (await client.get(POLL + "?after=9", headers=signature(app, POLL))).status_code == 401
    assert (await call(client, app, POLL + "?after=9")).status_code == 200
    odd = "/api/v1/conversations/a%2Fb%20%C5%BE/messages?after=0"
    assert (await call(client, app, odd)).json()["conversation"] == "a/b ž"


async def test_an_idempotency_key_gets_the_first_answer_again(
    app: FakeApp, client: httpx.AsyncClient
) -> None:
    first = await call(client, app, PATH, message(), idempotency_key="k")
    again = await call(client, app, PATH, message(), idempotency_key="k")
    assert (first.json(), "idempotent-replayed" in first.headers) == (again.json(), False)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["duplicate"] is False
    other = await call(client, app, PATH, message(2), idempotency_key="k")
    assert (other.status_code, "another request" in other.json()["detail"]) == (422, True)
    another = await call(client, app, PATH, message(), key="another", idempotency_key="k")
    assert another.json()["duplicate"] is True
    assert app.turn.answered == ["hi"]
    app.clock.move(hours=24)
    renewed = await call(client, app, PATH, message(), idempotency_key="k")
    assert (renewed.json()["duplicate"], "idempotent-replayed" in renewed.headers) == (True, False)


async def test_an_idempotency_key_of_a_failure_is_free_again(app: FakeApp, client: httpx.AsyncClient) -> None:
    app.turn.storing_failures = 1
    with capture_logs():
        assert (await call(client, app, PATH, message(), idempotency_key="k")).status_code == 503
    assert (await call(client, app, LINKS_PATH, {"email": "a@b.c"}, idempotency_key="l")).status_code == 404
    assert (await call(client, app, PATH, message(), idempotency_key="k")).status_code == 200
    assert (await call(client, app, PATH, message(), idempotency_key="")).status_code == 422


async def test_while_the_first_is_at_work_the_second_is_told_to_wait(
    app: FakeApp, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = asyncio.Event(), asyncio.Event()
    receive = app.turn.receive

    async def slowly(incoming: Any) -> str | None:
        begun.set()
        await go.wait()
        return await receive(incoming)

    monkeypatch.setattr(app.turn, "receive", slowly)
    first = asyncio.create_task(call(client, app, PATH, message(), idempotency_key="k"))
    await begun.wait()
    assert (await call(client, app, PATH, message(), idempotency_key="k")).status_code == 409
    go.set()
    assert (await first).status_code == 200


async def test_recorded_answers_are_not_readable_in_the_database(
    app: FakeApp, client: httpx.AsyncClient
) -> None:
    await call(client, app, PATH, {**message(), "press": "canary", "text": None}, idempotency_key="k")
    async with app.database.read() as session:
        answer = (await session.exec(select(RecordedAnswerRow.answer))).one()
    assert answer
    assert "pressed" not in answer


async def test_later_answers_at_once_and_the_reply_is_polled(app: FakeApp, client: httpx.AsyncClient) -> None:
    app.turn.script = lambda text, _press: [Reply((Block("say", f"re {text}"),), (Button("b1", "Yes"),))]
    taken = await call(client, app, PATH, message(deliver="later"))
    assert taken.status_code == 202
    assert taken.json()["duplicate"] is False
    got = (await call(client, app, POLL + "?after=1&wait=30")).json()
    assert [(entry["seq"], entry["author"], entry["text"]) for entry in got["messages"]] == [
        (2, "bot", "re hi")
    ]
    assert got["messages"][0]["buttons"] == [{"id": "b1", "label": "Yes"}]
    everything = (await call(client, app, POLL)).json()
    customer = everything["messages"][0]
    assert (customer["id"], customer["message_id"]) == (taken.json()["id"], "1")
    assert (customer["author"], everything["next"]) == ("customer", 2)
    again = await call(client, app, PATH, message(deliver="later"))
    assert (again.status_code, again.json()["duplicate"], again.json()["id"]) == (202, True, customer["id"])


async def test_after_acknowledges(app: FakeApp, client: httpx.AsyncClient) -> None:
    await call(client, app, PATH, message())
    for words in ("one", "two"):
        await app.staff_writes("api", "c", words)
    got = (await call(client, app, POLL + "?after=2")).json()["messages"]
    assert [(entry["author"], entry["name"], entry["text"]) for entry in got] == [
        ("person", "Eva", "one"),
        ("person", "Eva", "two"),
    ]
    assert [row.status for row in await app.rows("out")] == ["sent", "pending", "pending"]
    await call(client, app, POLL + "?after=3")
    assert [row.status for row in await app.rows("out")] == ["sent", "sent", "pending"]
    answer = (await call(client, app, PATH, message(2))).json()
    assert [reply["text"] for reply in answer["replies"]] == ["two", "you said hi"]


async def test_a_poll_waits_for_what_a_person_writes(app: FakeApp, client: httpx.AsyncClient) -> None:
    await call(client, app, PATH, message())
    poll = asyncio.create_task(call(client, app, POLL + "?after=2&wait=30"))
    await asyncio.sleep(0)
    await app.staff_writes("api", "c", "here I am")
    assert [entry["text"] for entry in (await poll).json()["messages"]] == ["here I am"]


async def test_a_poll_does_not_hold_up_the_end(app: FakeApp) -> None:
    async with asyncio.timeout(30), httpx.AsyncClient(timeout=30, trust_env=False) as mine:
        async with served(app) as client:
            mine.base_url = client.base_url
            poll = asyncio.create_task(call(mine, app, POLL + "?wait=50"))
            while not await _signatures(app):  # noqa: ASYNC110  (another side of a socket)
                await asyncio.sleep(0.02)
        assert (await poll).json() == {"conversation": "c", "messages": [], "next": 0}


async def _signatures(app: FakeApp) -> int:
    async with app.database.read() as session:
        return (await session.exec(select(func.count()).select_from(SignatureRow))).one()


@pytest.mark.parametrize("query", ["?after=-1", "?after=x", "?wait=51", "?after=2147483648"])
async def test_a_poll_with_impossible_values(app: FakeApp, client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(POLL + query)).status_code == 401
    refused = await call(client, app, POLL + query)
    assert refused.status_code == 422
    assert set(refused.json()) == {"type", "title", "status", "detail", "instance"}
    assert refused.json()["instance"] == POLL


async def test_another_kind_of_body_is_refused(app: FakeApp, client: httpx.AsyncClient) -> None:
    refused = await call(client, app, PATH, message(), content_type="text/plain")
    assert (refused.status_code, "application/json" in refused.json()["detail"]) == (415, True)
    fine = await call(client, app, PATH, message(), content_type="application/json; charset=utf-8")
    assert fine.status_code == 200


async def test_the_docs_load_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    assert "https://" not in page.text
    assert "script-src 'self' 'sha256-" in page.headers["content-security-policy"]
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
        assert f"/docs/assets/{asset}" in page.text
        assert (await client.get(f"/docs/assets/{asset}")).status_code == 200
    missing = await client.get("/docs/assets/none.js")
    assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")


async def test_a_fault_of_ours_is_a_problem_too(
    app: FakeApp, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.links, "mint", plain)
    with capture_logs():
        failed = await call(client, app, LINKS_PATH, {"email": "a@b.c"})
    assert (failed.status_code, failed.headers["content-type"]) == (500, "application/problem+json")
