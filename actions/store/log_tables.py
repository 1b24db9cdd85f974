"""The tables of the action log. Their append-only triggers stand in the migrations, not here."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer
from sqlmodel import Field, SQLModel

from actions.store.types import UtcDateTime

_Sequence: Any = BigInteger().with_variant(Integer, "sqlite")


class ActionLog(SQLModel, table=True):
    """Append-only and chained; see `actions/log.py`. No text of people, no names, no addresses."""

    __tablename__ = "action_log"

    seq: int = Field(sa_type=_Sequence, primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=UtcDateTime)
    subject: str = Field(index=True)
    actor: str
    action_id: str | None = Field(default=None, index=True)
    kind: str
    step: str | None = None
    rule: str | None = None
    clauses: str = ""
    plan_hash: str | None = None
    params_hash: str | None = None
    prev_hash: str
    hash: str


class LogCheckpoint(SQLModel, table=True):
    """The head after every hundredth entry, append-only too."""

    __tablename__ = "log_checkpoint"

    seq: int = Field(sa_type=_Sequence, primary_key=True, sa_column_kwargs={"autoincrement": False})
    hash: str
    at: datetime = Field(sa_type=UtcDateTime)
