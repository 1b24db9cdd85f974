"""The rules of the house that no linter knows."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "knowledge", "actions")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
HEAVY = (
    "aiogram",
    "aiosmtplib",
    "chromadb",
    "openai",
    "lingua",
    "fastapi",
    "uvicorn",
    "alembic",
    "onnxruntime",
)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_has_at_most_250_lines(module: Path) -> None:
    assert len(module.read_text().splitlines()) <= 250


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for(module: Path) -> None:
    text = module.read_text()
    if text.strip():
        assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("entry", ["bot.__main__", "bot.app"])
def test_the_entry_points_load_nothing_heavy(entry: str) -> None:
    code = f"import sys, {entry}; print(*sorted(set(m.partition('.')[0] for m in sys.modules)))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert "bot" in loaded
    assert not set(HEAVY) & set(loaded)


def test_only_settings_read_the_environment() -> None:
    readers = [
        str(module.relative_to(ROOT))
        for module in MODULES
        if any(word in module.read_text() for word in ("os.environ", "getenv("))
    ]
    assert readers == []


def test_the_lock_names_every_package_with_hashes_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    entries = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(entries) > 50
    for entry in entries:
        assert "==" in entry, entry
        assert entry.endswith("\\"), f"no hash: {entry}"
