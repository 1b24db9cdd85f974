"""Tokens (JWT) by which the site that embeds the assistant says who is signed in there.

HS256 with a shared secret, RS256 with the site's public key. Which algorithm goes with which key is settled
by the settings; a token may only choose among what they allow.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from actions.model import Level
from actions.store.accounts import Accounts
from bot.config import Settings
from bot.errors import ConfigurationError
from bot.ports import Clock
from bot.routing.identifiers import find_email

SKEW = timedelta(seconds=60)
LONGEST_AGE = timedelta(hours=1)
LONGEST_TOKEN = 8192
_FEWEST_SECRET_BYTES = 32
_FEWEST_KEY_BITS = 2048

UNREADABLE = "the bearer token is not a signed token (JWS compact form)"
UNSIGNED = "the bearer token is not signed with a key and algorithm that this installation accepts"
INCOMPLETE = "the bearer token lacks a claim, or has one of the wrong kind; needed are exp, iat and aud"
EXPIRED = "the bearer token has expired or is too old; make a fresh one"
TOO_EARLY = "the bearer token is not valid yet; check the clock of the machine that made it"
FOREIGN = "the bearer token is made for another audience or by another issuer"
NOBODY = "the bearer token names nobody that this installation can vouch for"


class SiteTokenRefused(Exception):  # noqa: N818
    """Says in one sentence what is wrong; what is wrong inside, only of a token with a good signature."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What a token must show. `keys` maps an algorithm to the one key that goes with it."""

    keys: Mapping[str, str]
    audience: str
    issuer: str | None = None


def trust_of(settings: Settings) -> Trust | None:
    """Whom the settings trust; None where no key is set. Raises ConfigurationError for what is not safe."""
    secret = settings.site_jwt_secret.get_secret_value() if settings.site_jwt_secret else ""
    public_key = settings.site_jwt_public_key.replace("\\n", "\n").strip()
    if not secret and not public_key:
        return None
    if not settings.site_jwt_audience:
        raise ConfigurationError(
            "SITE_JWT_AUDIENCE is not set: without it tokens made for others would be taken; set it to the "
            "name that your site puts into aud"
        )
    keys = {}
    if secret:
        keys["HS256"] = _checked_secret(secret)
    if public_key:
        keys["RS256"] = _checked_public_key(public_key)
    return Trust(keys, settings.site_jwt_audience, settings.site_jwt_issuer or None)


def _checked_secret(secret: str) -> str:
    if len(secret.encode()) < _FEWEST_SECRET_BYTES or "-----BEGIN" in secret:
        raise ConfigurationError(
            f"SITE_JWT_SECRET must be a random string of {_FEWEST_SECRET_BYTES} bytes or more, no PEM key"
        )
    return secret


def _checked_public_key(pem: str) -> str:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey) or key.key_size < _FEWEST_KEY_BITS:
        raise ConfigurationError(
            f"SITE_JWT_PUBLIC_KEY must be a public RSA key of {_FEWEST_KEY_BITS} bits or more, in PEM"
        )
    return pem


def verified_claims(token: str, trust: Trust, now: datetime) -> Mapping[str, Any]:
    """The claims of a token that holds at `now`. Raises SiteTokenRefused."""
    claims = _signed_claims(token, trust)
    _check_times(claims, now)
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if trust.audience not in audiences or (trust.issuer is not None and claims.get("iss") != trust.issuer):
        raise SiteTokenRefused(FOREIGN)
    return claims


def _signed_claims(token: str, trust: Trust) -> Mapping[str, Any]:
    """The claims, with nothing checked but the signature."""
    import jwt

    if len(token) > LONGEST_TOKEN:
        raise SiteTokenRefused(UNREADABLE)
    try:
        algorithm = jwt.get_unverified_header(token).get("alg")
        if not isinstance(algorithm, str) or algorithm not in trust.keys:
            raise SiteTokenRefused(UNSIGNED)
        # Only the signature: times are checked against the clock that everything else here goes by.
        claims = json.loads(jwt.PyJWS().decode(token, trust.keys[algorithm], algorithms=[algorithm]))
    except jwt.InvalidSignatureError as error:
        raise SiteTokenRefused(UNSIGNED) from error
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise SiteTokenRefused(UNREADABLE) from error
    if not isinstance(claims, dict):
        raise SiteTokenRefused(UNREADABLE)
    return claims


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    expires, issued = _moment(claims.get("exp")), _moment(claims.get("iat"))
    begins = _moment(claims.get("nbf", issued))
    if "aud" not in claims:
        raise SiteTokenRefused(INCOMPLETE)
    at, skew = now.timestamp(), SKEW.total_seconds()
    if at >= expires + skew or at > issued + LONGEST_AGE.total_seconds() + skew:
        raise SiteTokenRefused(EXPIRED)
    if at < begins - skew or at < issued - skew:
        raise SiteTokenRefused(TOO_EARLY)


def _moment(value: object) -> float:
    """Seconds since the epoch, of a size that arithmetic can bear."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 10**12:
        raise SiteTokenRefused(INCOMPLETE)
    return float(value)


class SiteTokens:
    """Turns a token into the address that the site vouches for."""

    def __init__(self, trust: Trust | None, accounts: Accounts, clock: Clock) -> None:
        self._trust = trust
        self._accounts = accounts
        self._clock = clock

    async def vouched_email(self, token: str) -> str:
        """Raises SiteTokenRefused. A token without `email` names a member by its id in `sub`."""
        if self._trust is None:
            raise SiteTokenRefused(UNSIGNED)
        claims = verified_claims(token, self._trust, self._clock.now())
        email, member_id = claims.get("email"), claims.get("sub")
        if "email" in claims:
            # An address that the site itself holds for unproven proves nothing here.
            address = email.strip().lower() if isinstance(email, str) else ""
            if find_email(address) == address and claims.get("email_verified", True) is True:
                return address
        elif isinstance(member_id, str):
            member = await self._accounts.principal(member_id, Level.VERIFIED)
            if member is not None and member.email is not None:
                return member.email
        raise SiteTokenRefused(NOBODY)
