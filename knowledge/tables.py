"""The library in SQL. `document` is current or retired; a `clause` row is one wording of one clause."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, Text, TypeDecorator, UniqueConstraint
from sqlmodel import Field, SQLModel


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored in UTC. SQLite hands back naive ones; they are made aware here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class DocumentRow(SQLModel, table=True):
    """`path` is where the file was last read; `folder` the folder it was found through, or empty."""

    __tablename__ = "document"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    slug: str = Field(unique=True)
    path: str
    folder: str = ""
    title: str
    language: str
    status: str = Field(default="current", index=True)
    version: int
    version_date: date
    content_hash: str = Field(index=True)
    ingested_at: datetime = Field(sa_type=UtcDateTime)
    retired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class DocumentVersionRow(SQLModel, table=True):
    __tablename__ = "document_version"
    __table_args__ = (UniqueConstraint("document_id", "version"),)

    id: int | None = Field(default=None, primary_key=True)
    document_id: int = Field(foreign_key="document.id", index=True)
    version: int
    version_date: date
    title: str
    language: str
    content_hash: str
    notes: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    ingested_at: datetime = Field(sa_type=UtcDateTime)


class ClauseRow(SQLModel, table=True):
    """`version` is the document's version in which this wording came. `is_current`: it still stands."""

    __tablename__ = "clause"
    __table_args__ = (UniqueConstraint("clause_id", "version"),)

    id: int | None = Field(default=None, primary_key=True)
    clause_id: str = Field(index=True)
    document_id: int = Field(foreign_key="document.id", index=True)
    version: int
    anchor: str | None = Field(default=None, index=True)
    heading: str = Field(sa_column=Column(Text, nullable=False))
    path: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    ordinal: int
    language: str
    text: str = Field(sa_column=Column(Text, nullable=False))
    content_hash: str
    is_current: bool = Field(default=True, index=True)


class LibraryState(SQLModel, table=True):
    """One row. `revision` rises with every change of the library; who holds the index follows it."""

    __tablename__ = "library_state"

    id: int = Field(default=1, primary_key=True)
    revision: int = 0


TABLES: tuple[Any, ...] = (DocumentRow, DocumentVersionRow, ClauseRow, LibraryState)
