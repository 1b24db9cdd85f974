"""A reply as Telegram messages: entities instead of markup, cut where a reader would pause."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.channels.hygiene import clean
from bot.model import Block, BlockKind, Button, Reply

if TYPE_CHECKING:
    from aiogram.types import InlineKeyboardMarkup, MessageEntity
    from aiogram.utils.formatting import Text

LIMIT = 4096
"""The most UTF-16 code units that one message holds."""
CALLBACK_BYTES = 64
LONG_QUOTE = 700
"""A quote of more characters than this is shown folded."""
_SEPARATOR = "\n\n"
_HEADED: tuple[BlockKind, ...] = ("card", "receipt")
_PAUSES = (re.compile(r"\n+"), re.compile(r"(?<=[.!?…;:])\s+"), re.compile(r"\s+"))


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a reply."""

    text: str
    entities: tuple["MessageEntity", ...]


def parts_of(reply: Reply) -> list[Part]:
    """Cut a reply into messages: between blocks, else between lines, sentences, words."""
    return [_part(blocks) for blocks in _packed(_pieces(reply.blocks))]


def keyboard_of(buttons: Iterable[Button]) -> "InlineKeyboardMarkup | None":
    """One button a row, the way long labels in five languages stay readable. None without buttons."""
    from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

    rows = []
    for button in buttons:
        if len(button.id.encode()) > CALLBACK_BYTES:
            raise ValueError(f"a button's id has more than {CALLBACK_BYTES} bytes")
        data = None if button.url else button.id
        label = clean(button.label) or "?"
        rows.append([InlineKeyboardButton(text=label, url=button.url, callback_data=data)])
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def units(text: str) -> int:
    """Length as Telegram counts it: characters beyond the basic plane count twice."""
    return len(text) + sum(character > "\uffff" for character in text)


def cut(text: str, limit: int = LIMIT) -> Iterator[str]:
    """Cut a text into pieces of at most `limit` units, at the best pause that fits."""
    rest = text.strip()
    while units(rest) > limit:
        window = _window(rest, limit)
        end = _last_pause(window, rest)
        yield rest[:end].rstrip()
        rest = rest[end:].lstrip()
    if rest:
        yield rest


def _window(text: str, limit: int) -> str:
    end = min(len(text), limit)
    while units(text[:end]) > limit:
        end -= max(1, (units(text[:end]) - limit) // 2)
    return text[:end]


def _last_pause(window: str, text: str) -> int:
    """Where to cut: not in the window's first third, unless nothing else is left but inside a word."""
    most = len(window)
    for pause in _PAUSES:
        starts = [found.start() for found in pause.finditer(text, 0, most + 1)]
        fitting = [start for start in starts if most // 3 < start <= most]
        if fitting:
            return fitting[-1]
    return most


def _pieces(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        for index, text in enumerate(cut(clean(block.text))):
            # A heading is bold once; what runs over into the next message is plain.
            kind = "say" if index and block.kind in _HEADED else block.kind
            yield Block(kind, text)


def _packed(pieces: Iterable[Block]) -> Iterator[list[Block]]:
    packed: list[Block] = []
    size = 0
    for piece in pieces:
        needed = units(piece.text) + (len(_SEPARATOR) if packed else 0)
        if packed and size + needed > LIMIT:
            yield packed
            packed, size, needed = [], 0, units(piece.text)
        packed.append(piece)
        size += needed
    if packed:
        yield packed


def _part(blocks: list[Block]) -> Part:
    from aiogram.utils.formatting import Text

    body: list[Text | str] = []
    for block in blocks:
        if body:
            body.append(_SEPARATOR)
        body.append(_styled(block))
    text, entities = Text(*body).render()
    return Part(text, tuple(entities))


def _styled(block: Block) -> "Text":
    from aiogram.utils.formatting import BlockQuote, Bold, ExpandableBlockQuote, Italic, Text

    if block.kind == "lead":
        return Bold(block.text)
    if block.kind == "quote":
        return ExpandableBlockQuote(block.text) if len(block.text) > LONG_QUOTE else BlockQuote(block.text)
    if block.kind in ("source", "note"):
        return Italic(block.text)
    if block.kind in _HEADED:
        heading, line_break, rest = block.text.partition("\n")
        return Text(Bold(heading), line_break, rest)
    return Text(block.text)
