"""Who let which action pass. Apart from the other tables, because nothing but `approving.py` writes here."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from actions.store.types import UtcDateTime, new_id


class Approval(SQLModel, table=True):
    """One member of staff, who counts once. `staff` is an id as `approving.staff_id` writes it."""

    __tablename__ = "approval"
    __table_args__ = (UniqueConstraint("action_id", "staff"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    action_id: str = Field(foreign_key="action.id")
    staff: str
    at: datetime = Field(sa_type=UtcDateTime)
