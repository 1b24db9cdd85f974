"""What the documentation names exists."""

import re
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from bot.__main__ import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} -> {target}"


def test_the_readme_names_every_command_and_no_other() -> None:
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    table = ROOT.joinpath("README.md").read_text().partition("## Commands")[2].partition("## How")[0]
    first_cells = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
    named = {name.strip("`").split()[0] for cell in first_cells for name in cell.split(", ")}
    assert named == commands


def test_every_command_explains_itself() -> None:
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        assert len(command.help or "") > 20, name


def test_ci_runs_the_readme_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text().splitlines()
    assert "make test" in script
    assert "make test" in (ROOT / "README.md").read_text()


def test_every_make_target_of_the_readme_exists() -> None:
    listed = subprocess.run(
        ["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    targets = set(re.findall(r"make (\w+)", listed))
    named = set(
        re.findall(r"`?make (chat|test|check|bench|help|setup|serve)\b", (ROOT / "README.md").read_text())
    )
    assert named <= targets
    assert {"setup", "chat", "test", "check", "bench", "help"} <= targets
