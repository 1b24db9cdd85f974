"""The table of papers."""

from datetime import date, datetime

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from actions.store.types import UtcDateTime, new_id


class Paper(SQLModel, table=True):
    """A PDF as it was given out. `kind`: credit_note or invoice; `sha256` is that of `content`, in hex."""

    __tablename__ = "paper"
    __table_args__ = (UniqueConstraint("kind", "number"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    action_id: str = Field(foreign_key="action.id", index=True)
    kind: str
    number: str
    language: str
    sha256: str = Field(max_length=64)
    content: bytes = Field(sa_type=LargeBinary)
    made_at: datetime = Field(sa_type=UtcDateTime)
    restricted_until: date | None = None
