"""`.env.example` documents every setting, with its default, and nothing else."""

import re
from pathlib import Path

from pydantic import SecretStr

from bot.config import Settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"
LINE = re.compile(r"^# ?([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)


def _written(value: object) -> str:
    if value is None or value == ():
        return ""
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def test_example_names_every_setting_with_its_default() -> None:
    documented = dict(LINE.findall(EXAMPLE.read_text()))
    expected = {name.upper(): _written(field.default) for name, field in Settings.model_fields.items()}
    assert documented == expected


def test_every_setting_is_explained_above_its_line() -> None:
    paragraphs = EXAMPLE.read_text().strip().split("\n\n")[1:]
    assert len(paragraphs) == len(Settings.model_fields)
    for paragraph in paragraphs:
        *comment, last = paragraph.splitlines()
        assert LINE.fullmatch(last), paragraph
        assert comment, f"no explanation above {last}"
        assert all(line.startswith("# ") for line in comment)
