"""Texts, entities and buttons as Telegram takes or refuses them; all lengths in UTF-16 units."""

import json
import re
from html import escape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from tests.bot_api.model import Call, Json, bad

LIMIT = 4096
CAPTION_LIMIT = 1024
TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-spoiler": "spoiler",
}
COMMAND = re.compile(r"(?<![\w/@])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?")
MENTION = re.compile(r"(?<![\w/@])@\w{3,32}")


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def noticed(text: str) -> list[Json]:
    """The entities Telegram finds by itself in what a user writes: commands and mentions."""
    found = [
        {"type": kind, "offset": units(text[: match.start()]), "length": units(match.group())}
        for kind, pattern in (("bot_command", COMMAND), ("mention", MENTION))
        for match in pattern.finditer(text)
    ]
    return sorted(found, key=lambda entity: int(entity["offset"]))


def text_of(call: Call, name: str = "text", limit: int = LIMIT) -> tuple[str, list[Json]]:
    """The text of a call with its entities, or a refusal. A caption may be empty, a text may not."""
    caption = name == "caption"
    text = call.form.get(name, "")
    mode = call.form.get("parse_mode", "").lower()
    entities = parsed_json(call, "caption_entities" if caption else "entities", [])
    if mode == "html":
        text, entities = _parsed(text)
    elif mode:
        raise bad("unsupported parse_mode")
    if not text.strip() and not caption:
        raise bad("message text is empty")
    if units(text) > limit:
        raise bad("message caption is too long" if caption else "message is too long")
    _check_bounds(text, entities)
    return text, entities


def parsed_json(call: Call, name: str, default: Any) -> Any:
    raw = call.form.get(name, "")
    if not raw:
        return default
    try:
        value = json.loads(raw)
    except ValueError:
        raise bad(f"can't parse {name}: Can't parse JSON object") from None
    if not isinstance(value, type(default)):
        raise bad(f"can't parse {name}: wrong type")
    return value


def markup_of(call: Call) -> Json:
    """The inline keyboard of a call; {} for none."""
    markup: Json = parsed_json(call, "reply_markup", {})
    for row in markup.get("inline_keyboard", []):
        for button in row:
            if not str(button.get("text", "")).strip():
                raise bad("inline keyboard button text must be non-empty")
            actions = set(button) - {"text", "style", "icon_custom_emoji_id"}
            if not actions:
                raise bad("text buttons are unallowed in the inline keyboard")
            if "callback_data" in actions and not 1 <= len(str(button["callback_data"]).encode()) <= 64:
                raise bad("BUTTON_DATA_INVALID")
            if "url" in actions and not _leads_somewhere(str(button["url"])):
                raise bad(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
    return {key: rows for key, rows in markup.items() if rows != []}


def _leads_somewhere(address: str) -> bool:
    """Whether Telegram takes it for a button: one of its own, or a page on a host of several parts."""
    parts = urlsplit(address)
    return parts.scheme == "tg" or (parts.scheme in ("http", "https") and "." in (parts.hostname or ""))


def _check_bounds(text: str, entities: list[Json]) -> None:
    raw = text.encode("utf-16-le")
    length = len(raw) // 2
    for entity in entities:
        start, end = int(entity["offset"]), int(entity["offset"]) + int(entity["length"])
        if start < 0 or end <= start or start >= length:
            raise bad(f"entity begins after the end of the text at UTF-16 offset {start}")
        if end > length:
            raise bad(
                f"entity beginning at UTF-16 offset {start} ends after the end of the text"
                f" at UTF-16 offset {end}"
            )
        if _inside(raw, start):
            raise bad(f"entity begins in a middle of a UTF-16 symbol at byte offset {start}")
        if _inside(raw, end):
            raise bad(
                f"entity beginning at UTF-16 offset {start} ends in a middle of a UTF-16 symbol"
                f" at byte offset {end}"
            )


def _inside(raw: bytes, unit: int) -> bool:
    """Whether this unit is the second half of a character."""
    return 0xDC <= (raw[unit * 2 + 1] if unit * 2 + 1 < len(raw) else 0) <= 0xDF


def _parsed(text: str) -> tuple[str, list[Json]]:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    if reader.open:
        tag = reader.open[-1][0]
        raise bad(f"can't parse entities: Can't find end tag corresponding to start tag \"{tag}\"")
    return reader.text, sorted(reader.entities, key=lambda entity: int(entity["offset"]))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.entities: list[Json] = []
        self.open: list[tuple[str, int, Json]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            raise bad(f'can\'t parse entities: Unsupported start tag "{escape(tag)}" at byte offset 0')
        given = dict(attrs)
        extra: Json = {"url": given.get("href", "")} if tag == "a" else {}
        kind = "expandable_blockquote" if "expandable" in given else TAGS[tag]
        self.open.append((tag, units(self.text), {"type": kind, **extra}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            raise bad(f'can\'t parse entities: Unmatched end tag at byte offset 0, found "</{escape(tag)}>"')
        _tag, start, entity = self.open.pop()
        length = units(self.text) - start
        if length:
            self.entities.append({**entity, "offset": start, "length": length})

    def handle_data(self, data: str) -> None:
        self.text += data
