"""Health, readiness and Prometheus's numbers, over real HTTP."""

import asyncio
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.app import App, open_app
from bot.channels.health import _is_local
from bot.errors import DeliveryError
from bot.health import Health
from bot.metrics import Metrics
from tests.fake_turn import fake_app
from tests.fakes import MovingClock
from tests.make import Customer, settings
from tests.serving import KEY, call, served

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def sample(samples_found: Samples, name: str, /, **labels: str) -> float:
    return samples_found[name, frozenset(labels.items())]


async def test_what_a_conversation_leaves_behind(app: App) -> None:
    customer = Customer(app, email="olivia.owner@example.com")
    await customer.says("How long is the free trial?")
    await customer.says("What is the meaning of the constellation Orion?")
    await customer.says("please cancel my account")
    app.settings.port = 0
    async with served(app) as client:
        response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = samples(response.text)
    assert sample(found, "clausewise_answers_total", found="yes") >= 1
    for stage, count in {"receive": 3, "route": 3, "retrieve": 2, "commit": 3}.items():
        assert sample(found, "clausewise_stage_seconds_count", stage=stage) == count
    assert sample(found, "clausewise_turns_total", channel="test", route="question") == 2
    assert sample(found, "clausewise_turns_total", channel="test", route="cancel_account") == 1
    assert sample(found, "clausewise_queue", queue="pending", channel="test") >= 3
    assert sample(found, "clausewise_action_steps_total", kind="cancel_account", step="PROPOSED") == 1
    assert sample(found, "clausewise_outbox_due") == 0


async def test_what_was_given_up_and_what_waits(tmp_path: Path) -> None:
    async with fake_app(tmp_path, port=0, api_secrets=(SecretStr(KEY),)) as app:
        async with served(app) as client:
            await call(
                client, app, "/api/v1/messages", {"conversation": "c", "message_id": "1", "text": "hi"}
            )
            await app.staff_writes("api", "c", "one")
            await app.staff_writes("api", "c", "two")
            lost = (await app.rows("out"))[-1]
            await app.transcript.mark_failed(
                lost.id, str(DeliveryError("gone", retry_after=None)), retry_at=None
            )
            found = samples((await client.get("/metrics")).text)
    assert sample(found, "clausewise_delivery_failures", channel="api") == 1
    assert sample(found, "clausewise_queue", queue="pending", channel="api") == 1


async def test_turns_and_stages_are_counted_and_each_registry_stands_alone(tmp_path: Path) -> None:
    one, other = Metrics(), Metrics()
    one.turn("telegram", "question")
    one.turn("telegram", "question")
    with pytest.raises(OSError, match="late"), one.stage("deliver"):
        raise OSError("late")
    async with fake_app(tmp_path) as app:
        found = samples((await one.exposition(app.database, app.clock)).decode())
        nothing = samples((await other.exposition(app.database, app.clock)).decode())
    assert sample(found, "clausewise_turns_total", channel="telegram", route="question") == 2
    assert sample(found, "clausewise_stage_seconds_count", stage="deliver") == 1
    assert not [name for name, _ in nothing if name == "clausewise_turns_total"]


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 401),
        ("Bearer wrong", 401),
        ("bearer m-token", 401),
        ("Bearer m-token", 200),
        ("Bearer žluť", 401),
    ],
)
async def test_with_a_token_only_who_sends_it(tmp_path: Path, header: str | None, status: int) -> None:
    async with fake_app(tmp_path, port=0, metrics_token=SecretStr("m-token")) as app, served(app) as client:
        headers = [(b"Authorization", header.encode())] if header else []
        assert (await client.get("/metrics", headers=headers)).status_code == status


async def test_without_a_token_only_from_this_machine(tmp_path: Path) -> None:
    async with fake_app(tmp_path, port=0) as app, served(app) as client:
        assert (await client.get("/metrics")).status_code == 200
        by_proxy = await client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.1"})
        assert (by_proxy.status_code, "METRICS_TOKEN" in by_proxy.json()["detail"]) == (401, True)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("example.com", False),
        ("", False),
    ],
)
def test_hosts_of_this_machine(host: str, local: bool) -> None:
    assert _is_local(host) is local


async def test_ready_with_a_whole_application(data_dir: Path, clock: MovingClock) -> None:
    async with open_app(settings(data_dir, port=0), clock=clock, serving=True) as app, served(app) as client:
        async with asyncio.timeout(60):
            while (answer := await client.get("/readyz")).status_code != 200:
                assert "index" in answer.json()["detail"]
        app.health.watch("exports", asyncio.create_task(asyncio.sleep(0)))
        await asyncio.sleep(0.01)
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["detail"]) == (503, "exports: has ended; see the log")
        assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_each_part_that_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fine() -> str:
        return ""

    async def wrong() -> str:
        return "finds nothing"

    async def broken() -> str:
        raise OSError("canary: secret")

    async def slow() -> str:
        await asyncio.Event().wait()
        return ""

    monkeypatch.setattr("bot.health.PATIENCE", 0.05)
    health = Health({"a": fine, "b": wrong, "c": broken, "d": slow})
    with capture_logs() as logs:
        faults = await health.faults()
    assert faults == {"b": "finds nothing", "c": "does not answer", "d": "does not answer in time"}
    assert [entry["event"] for entry in logs] == ["not-ready"]
