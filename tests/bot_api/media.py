"""What a user may send beside text, as the fields of a message."""

from collections.abc import Callable

from tests.bot_api.model import Json, Upload
from tests.bot_api.sending import described_file
from tests.bot_api.world import World

Made = Callable[[Json], Json]
WITH_FILE: dict[str, Made] = {
    "document": lambda file: file,
    "photo": lambda file: file,
    "voice": lambda file: {**file, "duration": 3},
    "audio": lambda file: {**file, "duration": 3},
    "video": lambda file: {**file, "duration": 3, "width": 640, "height": 480},
    "video_note": lambda file: {**file, "duration": 3, "length": 240},
    "animation": lambda file: {**file, "duration": 3, "width": 640, "height": 480},
    "sticker": lambda file: {
        **file,
        "type": "regular",
        "width": 512,
        "height": 512,
        "is_animated": False,
        "is_video": False,
        "emoji": "👍",
    },
}
WITHOUT_FILE: dict[str, Json] = {
    "contact": {"phone_number": "+37060000000", "first_name": "Ana", "user_id": 7001},
    "location": {"latitude": 54.687, "longitude": 25.279},
    "dice": {"emoji": "🎲", "value": 4},
    "poll": {
        "id": "1",
        "question": "Why?",
        "options": [{"persistent_id": "1", "text": "So", "voter_count": 0}],
        "total_voter_count": 0,
        "is_closed": False,
        "is_anonymous": True,
        "type": "regular",
        "allows_multiple_answers": False,
        "allows_revoting": False,
        "members_only": False,
    },
}
KINDS = (*WITH_FILE, *WITHOUT_FILE)
NAMED = frozenset({"document", "audio", "video", "animation"})


def media(world: World, kind: str, content: bytes, name: str, mime: str, size: int | None) -> Json:
    """The field of a message for one of KINDS; `size` states more bytes than there are."""
    if kind in WITHOUT_FILE:
        return {kind: WITHOUT_FILE[kind]}
    file = world.store(Upload(name, content, mime), size)
    described = described_file(file)
    if kind == "photo":
        small = {**described, "file_unique_id": f"{file.file_id}s", "width": 90, "height": 67}
        return {"photo": [small, {**described, "width": 640, "height": 480}]}
    names = {"file_name": name} if kind in NAMED else {}
    types = {} if kind in ("sticker", "video_note") else {"mime_type": mime}
    return {kind: {**WITH_FILE[kind](described), **names, **types}}
