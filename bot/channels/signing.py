"""Signatures of the REST API: HMAC-SHA256 over timestamp, target and body. Pure functions.

The target is the path as it is sent, percent-encoded, and where there is a query, a question mark and that.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

TIMESTAMP_HEADER = "X-Clausewise-Timestamp"
SIGNATURE_HEADER = "X-Clausewise-Signature"
TOLERANCE_SECONDS = 300
_DIGITS = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """Whether a request is from someone who holds a secret; `reason` is empty when it is.

    `secret` is the one that signed it.
    """

    ok: bool
    reason: str = ""
    secret: str = ""


def sign(secret: str, *, timestamp: int, path: str, body: bytes) -> str:
    """Return the value of the signature header. `timestamp` is in whole seconds since the epoch."""
    message = f"{timestamp}.{path}.".encode(errors="surrogateescape") + body
    return "v1=" + hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def verify(
    secrets: Iterable[str],
    *,
    timestamp: str | None,
    signature: str | None,
    path: str,
    body: bytes,
    now: datetime,
) -> SignatureCheck:
    """Check a request's headers as they came. Any of `secrets` may have signed it."""
    if not timestamp or not signature:
        return SignatureCheck(False, f"{TIMESTAMP_HEADER} and {SIGNATURE_HEADER} are required")
    if not _DIGITS.fullmatch(timestamp):
        return SignatureCheck(False, f"{TIMESTAMP_HEADER} must be whole seconds since the epoch")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        return SignatureCheck(False, f"{TIMESTAMP_HEADER} is more than {TOLERANCE_SECONDS} seconds off")
    given = signature.encode(errors="surrogateescape")
    matching = [
        secret
        for secret in secrets
        if same_secret(given, sign(secret, timestamp=int(timestamp), path=path, body=body).encode())
    ]
    if not matching:
        return SignatureCheck(False, f"{SIGNATURE_HEADER} does not fit this request and any known secret")
    return SignatureCheck(True, secret=matching[0])


def same_secret(given: bytes, expected: bytes) -> bool:
    """Compare without telling by its duration where they differ; any bytes are allowed."""
    return hmac.compare_digest(given, expected)
