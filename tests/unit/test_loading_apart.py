"""The process that reads one file: its limits, its death, and that the rest goes on."""

import asyncio
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from knowledge.errors import LoadError
from knowledge.loading import apart, load
from knowledge.loading.apart import Limits, read_apart

PAGE = "<h1>Pogoji</h1><p>Pogodba velja.</p>"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "a.html"
    file.write_text(PAGE)
    return file


def test_it_gives_text_notes_and_form(page: Path) -> None:
    reading = read_apart(page)
    assert reading.text == "# Pogoji\n\nPogodba velja.\n"
    assert reading.markdown
    assert load(page).markdown


def test_too_little_memory_is_a_refusal(page: Path) -> None:
    page.write_text(PAGE + "<p>" + "besedilo " * 4_000_000)
    with pytest.raises(LoadError, match=r"memory|broke off"):
        read_apart(page, Limits(memory=120 * 1024 * 1024))


def test_too_much_text_is_a_refusal(page: Path) -> None:
    page.write_text(PAGE + "<p>" + "besedilo " * 50_000)
    with pytest.raises(LoadError, match="broke off"):
        read_apart(page, Limits(written=10_000))


def test_too_much_time_is_a_refusal(page: Path) -> None:
    page.write_text(PAGE + "<p>besedilo</p>" * 1_000_000)
    with pytest.raises(LoadError, match="longer than 1 s"):
        read_apart(page, Limits(clock=1))


def test_a_crash_is_a_refusal(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the child dies of, even before it can say so."""
    for number, says in (
        (signal.SIGSEGV, "out of memory"),
        (signal.SIGKILL, "out of memory"),
        (None, "damaged"),
    ):
        code = f"import os; os.kill(os.getpid(), {int(number)})" if number else "print('not json')"
        real = subprocess.run

        def run(_command: list[str], code: str = code, real: object = real, **options: object) -> object:
            return real([sys.executable, "-c", code], **options)  # type: ignore[operator]

        monkeypatch.setattr(subprocess, "run", run)
        with pytest.raises(LoadError, match=says):
            read_apart(page)
        monkeypatch.undo()


def test_it_can_be_called_from_threads_of_a_running_loop(page: Path) -> None:
    async def work() -> list[str]:
        with ThreadPoolExecutor(4) as pool:
            loop = asyncio.get_running_loop()
            return [
                reading.text
                for reading in await asyncio.gather(
                    *(loop.run_in_executor(pool, read_apart, page) for _ in range(4))
                )
            ]

    assert asyncio.run(work()) == ["# Pogoji\n\nPogodba velja.\n"] * 4


def test_the_child_loads_nothing_heavy() -> None:
    code = (
        "import sys, knowledge.loading.child, knowledge.loading.formats, knowledge.loading.html;"
        "print(sorted({name.split('.')[0] for name in sys.modules}))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "lxml" in loaded
    for heavy in ("chromadb", "lingua", "numpy", "sqlalchemy", "simplemma", "pydantic", "asyncio"):
        assert f"'{heavy}'" not in loaded


def test_a_file_beside_it_is_never_taken_for_a_module(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lxml.py").write_text("raise SystemExit('taken')")
    (tmp_path / "json.py").write_text("raise SystemExit('taken')")
    monkeypatch.chdir(tmp_path)
    assert "Pogodba" in read_apart(page).text


def test_a_large_text_is_read_apart_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes("Člen o plačilu, ki velja za vse. \r\n".encode() * 200_000)
    seen: list[Path] = []

    def spy(path: Path) -> apart.Reading:
        seen.append(path)
        return read_apart(path)

    monkeypatch.setattr("knowledge.loading.read_apart", spy)
    assert load(file).text == "Člen o plačilu, ki velja za vse. \n" * 200_000
    assert seen == [file]


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    with file.open("wb") as stream:
        os.truncate(stream.fileno(), 101 * 1024 * 1024)
    with pytest.raises(LoadError, match="Larger than 100 MB"):
        load(file)
