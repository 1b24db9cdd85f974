"""What is published about the API is what it does: requests made from its description, signed or not."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from pydantic import SecretStr
from requests.auth import AuthBase
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from bot.channels.signing import sign
from tests.fake_turn import fake_app
from tests.fakes import MovingClock
from tests.serving import KEY, served

EXAMPLES = 8
PER_REQUEST = 30.0
CHECKED: list[Any] = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]
LIMITS = dict.fromkeys(("limit_per_key", "limit_per_conversation", "limit_per_address"), "100000/minute")


class Signed(AuthBase):
    """Signs what really goes over the wire, each request a second later than the one before."""

    def __init__(self, clock: MovingClock) -> None:
        self._clock = clock

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        self._clock.move(seconds=1)
        body = request.body or b""
        raw = body.encode() if isinstance(body, str) else body
        assert isinstance(raw, bytes)
        timestamp = int(self._clock.now().timestamp())
        request.headers["X-Clausewise-Timestamp"] = str(timestamp)
        signed = sign(KEY, timestamp=timestamp, path=request.path_url, body=raw)
        request.headers["X-Clausewise-Signature"] = signed
        return request


class InSession(AuthBase):
    """A session of the web chat."""

    def __init__(self, url: str) -> None:
        begun = requests.post(f"{url}/chat/sessions", json={}, timeout=PER_REQUEST)
        self._token = begun.json()["token"]

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Service:
    """The service in a thread of its own: what makes the requests is not asynchronous."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ready, self.url = threading.Event(), ""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self) -> "Service":
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        chosen: dict[str, Any] = {"port": 0, "api_secrets": (SecretStr(KEY),), **LIMITS}
        async with fake_app(self._folder, **chosen) as app, served(app) as client:
            self.clock, self.url = app.clock, str(client.base_url)
            self._ready.set()
            await self._stop.wait()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("service")) as running:
        yield running


def operations(service: Service) -> list[Any]:
    schema = schemathesis.openapi.from_url(f"{service.url}/openapi.json")
    found: list[Any] = list(schema.get_all_operations())
    # a stream goes on for minutes: tests/flow/test_web_chat.py hears one
    return [each.ok() for each in found if each.ok().path != "/chat/events"]


@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value
)
@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
def test_every_answer_is_documented(service: Service, signed: bool, mode: GenerationMode) -> None:
    """No 5xx, no status, media type, header or body that the description does not have."""
    session = requests.Session()
    session.trust_env = False
    known = InSession(service.url)
    for operation in operations(service):
        if signed:
            session.auth = known if operation.path.startswith("/chat/") else Signed(service.clock)
        # where nothing can be wrong in a request, no wrong one can be made
        with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():
            _try(operation.as_strategy(mode), service, session, EXAMPLES if signed else EXAMPLES // 3)


def _try(
    cases: st.SearchStrategy[Case[Any]], service: Service, session: requests.Session, count: int
) -> None:
    checked = [not_a_server_error, *CHECKED]

    @examples(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def send(case: Case[Any]) -> None:
        if isinstance(case.query, dict) and str(case.query.get("wait")).isdecimal():
            case.query["wait"] = 0  # nothing is said meanwhile
        response = case.call(service.url, session=session, timeout=PER_REQUEST)
        case.validate_response(response, checks=checked)

    send()


def test_each_route_says_what_it_takes_gives_and_refuses(service: Service) -> None:
    document = requests.get(f"{service.url}/openapi.json", timeout=PER_REQUEST).json()
    assert document["components"]["securitySchemes"]["signature"]["name"] == "X-Clausewise-Signature"
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], path
            statuses = set(operation["responses"])
            assert {status for status in statuses if status.startswith("2")}, path
            if {"messages", "identity"}.intersection(operation["tags"]):
                assert {"401", "404", "405", "409", "413", "422", "429", "503"} <= statuses, path
                assert operation["security"][0] == {"signature": [], "timestamp": []}
                assert method == "get" or "415" in statuses
            if "web chat" in operation["tags"]:
                bare = path in ("/chat/texts", "/chat/sessions")
                assert operation.get("security") == (None if bare else [{"session": []}]), path
            refusals = {name: told for name, told in operation["responses"].items() if name >= "4"}
            assert all(list(told["content"]) == ["application/problem+json"] for told in refusals.values()), (
                path
            )
