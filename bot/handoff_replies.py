"""What a customer reads of a person's: their words, their files, and the request for a rating."""

import secrets
from datetime import datetime

from bot.errors import UsageError
from bot.messages import Messages
from bot.model import Block, Button, FileRef, Reply
from bot.tables import ButtonRow

MOST_STARS = 5


def shown_name(staff: str) -> str:
    """What the customer reads: an id that is an e-mail address shows no more than the name in it."""
    local, at, _ = staff.partition("@")
    return " ".join(part.capitalize() for part in local.replace("_", ".").split(".") if part) if at else staff


def person_reply(messages: Messages, language: str, staff: str, text: str, file: FileRef | None) -> Reply:
    """Their name before their words; a file without any is announced. Raises UsageError for nothing."""
    words = text.strip() or (messages.say(language, "handoff.file", name=file.name) if file else "")
    if not words:
        raise UsageError("nothing to send: the text is empty")
    label = messages.say(language, "handoff.person_label", name=shown_name(staff))
    return Reply((Block("person", f"{label} {words}"),), files=(file,) if file else ())


def rating_request(
    messages: Messages, language: str, conversation_id: str, staff: str, until: datetime
) -> tuple[Reply, list[ButtonRow]]:
    """The question and its buttons, which hold `until` then."""
    rating = secrets.token_hex(16)
    values = [{"rating": rating, "staff": staff, "stars": str(star)} for star in range(1, MOST_STARS + 1)]
    rows = [
        ButtonRow(
            id=secrets.token_urlsafe(12),
            conversation_id=conversation_id,
            kind="rate",
            values=each,
            expires_at=until,
        )
        for each in values
    ]
    text = messages.say(language, "rating.ask", name=shown_name(staff))
    buttons = tuple(Button(one.id, one.values["stars"]) for one in rows)
    return Reply((Block("say", text),), buttons), rows
