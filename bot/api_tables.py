"""Tables of the signed API."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from bot.tables import moment


class SignatureRow(SQLModel, table=True):
    """A signed request that was taken, so that the same one is not taken again."""

    __tablename__ = "api_signature"

    digest: str = Field(primary_key=True)
    seen_at: datetime = moment(nullable=False, index=True)


class RecordedAnswerRow(SQLModel, table=True):
    """What a request with an Idempotency-Key was answered, encrypted under the secret that signed it.

    `request` is the digest of path and body; `status` is None as long as the request is at work.
    """

    __tablename__ = "api_answer"

    key: str = Field(primary_key=True)
    request: str
    status: int | None = None
    answer: str = ""
    created_at: datetime = moment(nullable=False, index=True)
