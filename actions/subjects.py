"""Whom an entry of the log is about: a hash under a key of that person's own.

The key goes when the person is forgotten: the entries stay, chained as they were, and nobody can tell any
more whose they are. Entries of earlier releases stand under the key of the whole store.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import delete
from sqlmodel import Field, SQLModel, col
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.canonical import canonical


class SubjectKey(SQLModel, table=True):
    """`identifier` is a member's id, or the lower-case address of somebody who is none."""

    __tablename__ = "subject_key"

    identifier: str = Field(primary_key=True)
    key: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A person, not yet a pseudonym."""

    identifier: str


class Pseudonyms:
    """Keyed hashes in place of people and of what they typed. The key never leaves the database."""

    def __init__(self, key: str) -> None:
        self._key = bytes.fromhex(key)

    def of(self, identifier: str) -> str:
        return self._mac(identifier)[:24]

    def of_arguments(self, arguments: Mapping[str, str]) -> str:
        return self._mac(canonical(dict(arguments)))

    def _mac(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


async def own_pseudonyms(session: AsyncSession, subject: Subject) -> Pseudonyms:
    """Return the person's own pseudonyms; makes their key on first use, so give it a writing session."""
    row = await session.get(SubjectKey, subject.identifier)
    if row is None:
        row = SubjectKey(identifier=subject.identifier, key=secrets.token_hex(32))
        session.add(row)
    return Pseudonyms(row.key)


async def known_pseudonym(session: AsyncSession, identifier: str) -> str | None:
    """Return the pseudonym of a person under their own key, or None where they have none."""
    row = await session.get(SubjectKey, identifier)
    return Pseudonyms(row.key).of(identifier) if row else None


async def destroy_keys(session: AsyncSession, identifiers: Iterable[str]) -> None:
    """Make the entries about these people nobody's."""
    await session.exec(delete(SubjectKey).where(col(SubjectKey.identifier).in_(list(identifiers))))
