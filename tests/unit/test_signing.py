"""Signatures: who may call, and until when."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.signing import same_secret, sign, verify

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STAMP = int(AT.timestamp())
PATH = "/api/v1/messages"
BODY = '{"text": "žluťoučký"}'.encode()


def check(
    *,
    secrets: tuple[str, ...] = ("new", "old"),
    timestamp: str | None = str(STAMP),
    signature: str | None = None,
    path: str = PATH,
    body: bytes = BODY,
    now: datetime = AT,
) -> tuple[bool, str]:
    signature = sign("old", timestamp=STAMP, path=PATH, body=BODY) if signature is None else signature
    found = verify(secrets, timestamp=timestamp, signature=signature, path=path, body=body, now=now)
    return found.ok, found.reason


def test_signature_is_hmac_of_timestamp_path_and_body() -> None:
    # Worked out with: printf '1.%s.{}' /p | openssl dgst -sha256 -hmac s
    expected = "a1e5b04c89810685d102430f297d9142f656ee142bf8c03c4335bf45e5ef408b"
    made = sign("s", timestamp=1, path="/p", body=b"{}")
    assert made == f"v1={expected}"


@pytest.mark.parametrize("secret", ["new", "old"])
def test_any_known_secret_may_sign(secret: str) -> None:
    assert check(signature=sign(secret, timestamp=STAMP, path=PATH, body=BODY)) == (True, "")


@pytest.mark.parametrize(
    ("seconds", "ok"),
    [
        (-301, False),
        (-300, True),
        (-299, True),
        (0, True),
        (299, True),
        (300, True),
        (300.5, False),
        (301, False),
    ],
)
def test_five_minutes_either_way(seconds: float, ok: bool) -> None:
    assert check(now=AT + timedelta(seconds=seconds))[0] is ok


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"signature": sign("other", timestamp=STAMP, path=PATH, body=BODY)}, "does not fit"),
        ({"path": "/api/v1/other"}, "does not fit"),
        ({"body": BODY + b" "}, "does not fit"),
        ({"timestamp": str(STAMP + 1)}, "does not fit"),
        ({"secrets": ()}, "does not fit"),
        (
            {"signature": sign("old", timestamp=STAMP, path=PATH, body=BODY).removeprefix("v1=")},
            "does not fit",
        ),
        ({"signature": "v1=žluť"}, "does not fit"),
        ({"signature": "v1=\udcff"}, "does not fit"),
        ({"signature": ""}, "required"),
        ({"timestamp": None}, "required"),
        ({"timestamp": ""}, "required"),
        ({"timestamp": "soon"}, "whole seconds"),
        ({"timestamp": "-5"}, "whole seconds"),
        ({"timestamp": "1.5"}, "whole seconds"),
        ({"timestamp": "١٢٣"}, "whole seconds"),
        ({"timestamp": "9" * 400}, "whole seconds"),
    ],
)
def test_what_is_refused_and_why(changed: dict[str, object], reason: str) -> None:
    ok, said = check(**changed)  # type: ignore[arg-type]
    assert not ok
    assert reason in said


def test_secrets_of_any_bytes_compare() -> None:
    assert same_secret("ключ".encode(), "ключ".encode())
    assert not same_secret(b"\xff\xfe", b"key")
    assert not same_secret(b"", b"key")
