"""Question files: one JSON object a line; a bad row is named and the rest goes on."""

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from bot.commands.running import fail


@dataclass(frozen=True, slots=True)
class Row:
    """A row as read. `error` is set when it cannot be used; `id` is None where none could be found."""

    id: str | int | None
    values: dict[str, Any]
    error: str | None = None


def read_rows(path: Path, *, text: str) -> Iterator[Row]:
    """Yield the rows of a JSONL file; `text` names the field that must hold a string."""
    try:
        file = path.open("rb")
    except OSError as error:
        cannot_open(path, error)
    with file:
        for number, line in enumerate(file, 1):
            if line.removeprefix(BOM_UTF8).strip():
                yield _row(line, number, text)


def cannot_open(path: Path, error: OSError) -> NoReturn:
    fail(f"cannot read {path}: {error.strerror or error}. Give a file with one JSON object a line.", 2)


def _row(line: bytes, number: int, text: str) -> Row:
    try:
        values = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Row(None, {}, f"line {number} is not UTF-8")
    except (ValueError, RecursionError):
        return Row(None, {}, f"line {number} is not a JSON object")
    if not isinstance(values, dict):
        return Row(None, {}, f"line {number} is not a JSON object")
    name = values.get("id")
    if not isinstance(name, str | int) or isinstance(name, bool):
        return Row(None, values, f'line {number}: "id" must be a string or a whole number')
    if not isinstance(values.get(text), str):
        return Row(name, values, f'line {number}: "{text}" must be a string')
    if not isinstance(values.get("lang"), str | None):
        return Row(name, values, f'line {number}: "lang" must be a language code such as "sl"')
    return Row(name, values)
