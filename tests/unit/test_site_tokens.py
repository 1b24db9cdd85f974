"""Tokens of the embedding site: which hold, until when, and that no trick with the algorithm helps."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from pydantic import SecretStr

from bot.config import Settings
from bot.errors import ConfigurationError
from bot.site_tokens import (
    EXPIRED,
    FOREIGN,
    INCOMPLETE,
    LONGEST_TOKEN,
    TOO_EARLY,
    UNREADABLE,
    UNSIGNED,
    SiteTokenRefused,
    Trust,
    trust_of,
    verified_claims,
)
from tests.fakes import A_TUESDAY

NOW = int(A_TUESDAY.timestamp())
SECRET = "0123456789abcdef" * 4
AUDIENCE = "clausewise"
GOOD = {"iat": NOW, "exp": NOW + 300, "aud": AUDIENCE, "email": "ana@example.com"}
ABSENT = object()
NO_ALGORITHMS: tuple[object, ...] = ("none", "None", "NONE", "", None, [])


def private_pem(key: RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key: RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


KEY = generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = generate_private_key(public_exponent=65537, key_size=2048)
BOTH = Trust({"HS256": SECRET, "RS256": public_pem(KEY)}, AUDIENCE)
ONLY_RSA = Trust({"RS256": public_pem(KEY)}, AUDIENCE)
ONLY_SECRET = Trust({"HS256": SECRET}, AUDIENCE)


def claims(**changed: object) -> dict[str, object]:
    return {name: value for name, value in {**GOOD, **changed}.items() if value is not ABSENT}


def token(key: str = SECRET, algorithm: str = "HS256", **changed: object) -> str:
    return jwt.encode(claims(**changed), key, algorithm=algorithm)


def by_hand(header: object, payload: object, secret: bytes | None) -> str:
    """A token put together without the library, which would refuse to make some of these."""
    parts = [_b64(json.dumps(part).encode()) for part in (header, payload)]
    signing = ".".join(parts).encode()
    seal = hmac.new(secret, signing, hashlib.sha256).digest() if secret is not None else b""
    return ".".join((*parts, _b64(seal)))


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def refusal(made: str, trust: Trust = BOTH, *, later: float = 0) -> str | None:
    try:
        verified_claims(made, trust, A_TUESDAY + timedelta(seconds=later))
    except SiteTokenRefused as error:
        return str(error)
    return None


def test_both_algorithms_with_their_own_keys() -> None:
    for made in (token(), token(private_pem(KEY), "RS256")):
        assert verified_claims(made, BOTH, A_TUESDAY)["email"] == "ana@example.com"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        # exp: sixty seconds of grace, and not one more
        ({"exp": NOW - 59}, None),
        ({"exp": NOW - 60}, EXPIRED),
        ({"exp": NOW - 61}, EXPIRED),
        ({"exp": NOW}, None),
        # nbf and iat: sixty seconds early at most
        ({"nbf": NOW + 59}, None),
        ({"nbf": NOW + 60}, None),
        ({"nbf": NOW + 61}, TOO_EARLY),
        ({"iat": NOW + 59}, None),
        ({"iat": NOW + 60}, None),
        ({"iat": NOW + 61}, TOO_EARLY),
        ({"iat": NOW + 61, "nbf": NOW}, TOO_EARLY),
        # an hour old at most, whatever exp says, with the same grace
        ({"iat": NOW - 3600}, None),
        ({"iat": NOW - 3659}, None),
        ({"iat": NOW - 3660}, None),
        ({"iat": NOW - 3661}, EXPIRED),
        ({"iat": NOW - 3661, "exp": NOW + 10**8}, EXPIRED),
        # what is missing or of the wrong kind
        *(({name: ABSENT}, INCOMPLETE) for name in ("exp", "iat", "aud")),
        *(({name: wrong}, INCOMPLETE) for name in ("exp", "iat", "nbf") for wrong in ("1", True, -1, 1e13)),
        ({"exp": None}, INCOMPLETE),
        ({"exp": [NOW + 300]}, INCOMPLETE),
        # audience
        ({"aud": "another"}, FOREIGN),
        ({"aud": AUDIENCE.upper()}, FOREIGN),
        ({"aud": ""}, FOREIGN),
        ({"aud": []}, FOREIGN),
        ({"aud": {AUDIENCE: 1}}, FOREIGN),
        ({"aud": ["another", AUDIENCE]}, None),
    ],
)
def test_claims(changed: dict[str, object], expected: str | None) -> None:
    assert refusal(jwt.encode(claims(**changed), SECRET)) == expected
    assert refusal(jwt.encode(claims(**changed), private_pem(KEY), algorithm="RS256")) == expected


@pytest.mark.parametrize(("later", "expected"), [(359, None), (360, EXPIRED), (361, EXPIRED)])
def test_the_clock_is_the_one_given(later: int, expected: str | None) -> None:
    assert refusal(token(), later=later) == expected


@pytest.mark.parametrize(
    ("issuer", "expected"), [("site", None), ("other", FOREIGN), (ABSENT, FOREIGN), (["site"], FOREIGN)]
)
def test_issuer_counts_where_one_is_set(issuer: object, expected: str | None) -> None:
    made = by_hand({"alg": "HS256"}, claims(iss=issuer), SECRET.encode())
    assert refusal(made, Trust(BOTH.keys, AUDIENCE, "site")) == expected
    assert refusal(made, BOTH) is None


@pytest.mark.parametrize(
    ("made", "trust"),
    [
        (token("another secret, as long as it takes to be one"), BOTH),
        (token(private_pem(OTHER_KEY), "RS256"), BOTH),
        (token(), ONLY_RSA),
        (token(private_pem(KEY), "RS256"), ONLY_SECRET),
        (token(SECRET, "HS512"), BOTH),
        (token(private_pem(KEY), "RS512"), BOTH),
        (token(private_pem(KEY), "PS256"), BOTH),
        (jwt.encode(GOOD, "", algorithm="none"), BOTH),
        *((by_hand({"alg": name}, GOOD, None), BOTH) for name in NO_ALGORITHMS),
        (by_hand({}, GOOD, SECRET.encode()), BOTH),
        # the public key, which anybody may know, as if it were the shared secret
        (by_hand({"alg": "HS256"}, GOOD, public_pem(KEY).encode()), BOTH),
        (by_hand({"alg": "HS256"}, GOOD, public_pem(KEY).encode()), ONLY_RSA),
        (by_hand({"alg": "RS256"}, GOOD, public_pem(KEY).encode()), BOTH),
        (by_hand({"alg": "RS256"}, GOOD, SECRET.encode()), BOTH),
        (by_hand({"alg": "HS256"}, GOOD, b""), BOTH),
        (by_hand({"alg": "HS256"}, GOOD, None), BOTH),
        # a key that the token brings along
        (by_hand({"alg": "HS256", "jwk": {"kty": "oct", "k": _b64(b"mine")}}, GOOD, b"mine"), BOTH),
        (by_hand({"alg": "HS256", "kid": "../../dev/null"}, GOOD, b""), BOTH),
        # a signature of other claims
        (token().rsplit(".", 1)[0] + "." + token(email="eve@example.com").rsplit(".", 1)[1], BOTH),
    ],
)
def test_no_other_key_or_algorithm(made: str, trust: Trust) -> None:
    assert refusal(made, trust) == UNSIGNED


@pytest.mark.parametrize(
    "made",
    [
        "",
        "x",
        "a.b.c",
        token() + ".",
        token().rsplit(".", 1)[0],
        "é" * 20,
        "x" * (LONGEST_TOKEN + 1),
        by_hand({"alg": "HS256"}, ["a list"], SECRET.encode()),
        by_hand({"alg": "HS256"}, "text", SECRET.encode()),
        by_hand({"alg": "HS256", "crit": ["b64"], "b64": False}, GOOD, SECRET.encode()),
    ],
)
def test_what_is_no_token(made: str) -> None:
    assert refusal(made) in (UNREADABLE, UNSIGNED)


def test_a_bad_signature_says_nothing_of_what_is_inside() -> None:
    wrong = "another secret, as long as it takes to be one"
    for changed in ({"exp": NOW - 999}, {"aud": "x"}, {"iat": ABSENT}, {}):
        assert refusal(jwt.encode(claims(**changed), wrong)) == UNSIGNED


def _settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


def test_settings_make_trust() -> None:
    assert trust_of(_settings()) is None
    one_line = public_pem(KEY).replace("\n", "\\n")
    made = trust_of(
        _settings(site_jwt_secret=SecretStr(SECRET), site_jwt_public_key=one_line, site_jwt_audience=AUDIENCE)
    )
    assert made is not None
    assert refusal(token(), made) is refusal(token(private_pem(KEY), "RS256"), made) is None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"site_jwt_secret": SecretStr(SECRET)}, "SITE_JWT_AUDIENCE is not set"),
        ({"site_jwt_secret": SecretStr("x" * 31), "site_jwt_audience": "a"}, "SITE_JWT_SECRET must be"),
        (
            {"site_jwt_secret": SecretStr(public_pem(KEY)), "site_jwt_audience": "a"},
            "SITE_JWT_SECRET must be",
        ),
        ({"site_jwt_public_key": "nothing", "site_jwt_audience": "a"}, "SITE_JWT_PUBLIC_KEY must be"),
        ({"site_jwt_public_key": private_pem(KEY), "site_jwt_audience": "a"}, "SITE_JWT_PUBLIC_KEY must be"),
    ],
)
def test_unsafe_settings_are_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        trust_of(_settings(**values))
