"""What no browser and no library sends: bytes at the edges of HTTP get the right refusal, and never a 5xx."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from bot.channels.api import PATH
from bot.channels.problems import BODY_LIMIT
from bot.channels.web_models import LONGEST_TEXT
from tests.fake_turn import FakeApp, fake_app
from tests.serving import KEY, served, signature

JSON = "Content-Type: application/json"


class Wire:
    """Writes requests byte by byte, with a session of the web chat."""

    def __init__(self, app: FakeApp, port: int, token: str) -> None:
        self._app = app
        self._port = port
        self.session = f"Authorization: Bearer {token}"

    async def __call__(self, line: str, *headers: str, body: bytes = b"") -> tuple[int, str, str]:
        """Status, media type and body of the answer."""
        head = "\r\n".join((f"{line} HTTP/1.1", "Host: h", "Connection: close", *headers, "", ""))
        async with asyncio.timeout(30):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(head.encode("latin-1") + body)
            answer = await reader.read()
            writer.close()
        first, _, content = answer.partition(b"\r\n\r\n")
        lines = first.decode("latin-1").split("\r\n")
        fields = dict(field.lower().split(": ", 1) for field in lines[1:])
        kind = fields.get("content-type", "").partition(";")[0]
        return int(lines[0].split()[1]), kind, content.decode()

    async def chat(self, body: bytes, *headers: str, to: str = "/chat/messages") -> tuple[int, str, str]:
        return await self(f"POST {to}", *self._with(headers, body), JSON, self.session, body=body)

    async def api(self, body: bytes, *headers: str, to: str = PATH) -> tuple[int, str, str]:
        self._app.clock.move(seconds=1)
        signed = [f"{name}: {value}" for name, value in signature(self._app, to, body).items()]
        return await self(f"POST {to}", *self._with(headers, body), JSON, *signed, body=body)

    def _with(self, headers: tuple[str, ...], body: bytes) -> tuple[str, ...]:
        counted = any(name.startswith(("Content-Length", "Transfer-Encoding")) for name in headers)
        return headers if counted else (*headers, f"Content-Length: {len(body)}")


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    async with fake_app(tmp_path, port=0, api_secrets=(SecretStr(KEY),)) as app, served(app) as client:
        token = (await client.post("/chat/sessions", json={})).json()["token"]
        yield Wire(app, client.base_url.port or 0, token)


def written(**more: object) -> bytes:
    return json.dumps({"id": str(uuid4()), "text": "hi", **more}).encode()


def message(**more: object) -> bytes:
    return json.dumps({"conversation": "c", "message_id": str(uuid4()), "text": "hi", **more}).encode()


def chunked(body: bytes) -> bytes:
    parts = (body[at : at + 60_000] for at in range(0, len(body), 60_000))
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET /chat/texts/", 404),
        ("POST /chat/messages/", 404),
        ("GET /chat/", 404),
        ("GET //", 404),
        ("GET /healthz/", 404),
        ("GET /docs/assets/..%2f..%2f..%2f..%2fetc%2fpasswd", 404),
        ("GET /docs/assets/%252e%252e/x", 404),
        ("GET /docs/assets/%00", 404),
        ("GET /chat/%2574exts", 404),
        ("GET /%ff%fe", 404),
        ("GET /%zz", 404),
        ("GET /api/v1/exports/%00", 410),
        ("OPTIONS /chat/messages", 405),
        ("HEAD /chat/events", 405),
        ("PUT /api/v1/messages", 405),
        ("TRACE /", 405),
    ],
)
async def test_addresses_and_methods_that_do_not_fit(wire: Wire, line: str, status: int) -> None:
    assert (await wire(line))[:2] == (status, "application/problem+json")


async def test_what_a_watchdog_asks(wire: Wire) -> None:
    for line in ("HEAD /healthz", "HEAD /readyz", "HEAD /", "GET /chat/%74exts"):
        assert (await wire(line))[0] == 200, line


async def test_bodies_that_are_no_json(wire: Wire) -> None:
    for body in (b"", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000, written().decode().encode("utf-16")):
        for send in (wire.chat, wire.api):
            status, kind, said = await send(body)
            assert (status, kind) == (400, "application/problem+json"), body[:20]
            assert json.loads(said)["detail"] == "the body is not JSON in UTF-8"


async def test_values_that_no_database_takes(wire: Wire) -> None:
    nul, half = message(conversation="a\0b"), message(message_id="\ud800")
    assert (await wire.api(nul))[::2][0] == 422
    assert "conversation: control characters" in (await wire.api(nul))[2]
    assert (await wire.api(half))[0] == 422
    assert (await wire.api(message(text="a\0b \ud800")))[0] == 200
    assert (await wire.chat(written(text="a\0b")))[0] == 202
    assert (await wire.chat(written(text="\ud800")))[0] == 400
    assert (await wire.chat(b'{"after":' + b"9" * 5000 + b"}", to="/chat/seen"))[0] in (400, 422)
    assert (await wire.chat(b'{"after":true}', to="/chat/seen"))[0] == 422


async def test_the_longest_body_and_one_more(wire: Wire) -> None:
    fits = written().ljust(BODY_LIMIT)
    by_parts = "Transfer-Encoding: chunked"
    assert (await wire.chat(fits))[0] == 202
    assert (await wire.chat(fits + b" "))[0] == 413
    assert (await wire.chat(chunked(written().ljust(BODY_LIMIT)), by_parts))[0] == 202
    assert (await wire.chat(chunked(fits + b" "), by_parts))[0] == 413
    assert (await wire.api(message().ljust(BODY_LIMIT)))[0] == 200
    assert (await wire.api(message().ljust(BODY_LIMIT + 1)))[0] == 413


@pytest.mark.parametrize(("sign", "units"), [("x", 1), ("😀", 2)])
async def test_the_longest_text_and_one_more(wire: Wire, sign: str, units: int) -> None:
    fits = sign * (LONGEST_TEXT // units)
    assert (await wire.chat(written(text=fits)))[0] == 202
    status, _, said = await wire.chat(written(text=fits + sign))
    assert (status, "text" in json.loads(said)["detail"]) == (422, True)


async def test_headers_that_come_twice_or_are_no_text(wire: Wire) -> None:
    twice = await wire.api(message(), "Authorization: Bearer a", "Authorization: Bearer b")
    assert twice[0] == 401
    assert (await wire("GET /chat/events", "Authorization: Bearer \xff\xfe"))[0] == 401
    assert (await wire.api(message(), "Idempotency-Key: \xff\xfe"))[0] == 200
    assert (await wire.chat(b"hello", "Content-Length: 5", "Content-Length: 6"))[0] == 400
    both = await wire.chat(chunked(written()), "Transfer-Encoding: chunked", "Content-Length: 5")
    assert both[0] == 400
