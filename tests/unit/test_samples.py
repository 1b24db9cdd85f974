"""The sample documents are read when they are new or another, and only then."""

import shutil
from pathlib import Path

import pytest

from bot import shelf
from bot.app import open_app
from knowledge.library import Library
from tests.make import settings


async def test_samples_are_read_once_and_again_when_one_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples, data = tmp_path / "samples", tmp_path / "data"
    shutil.copytree(shelf.SAMPLES / "en", samples)
    monkeypatch.setattr(shelf, "SAMPLES", samples)
    read, ingest = [], Library.ingest

    async def counted(self: Library, *given: object, **options: object) -> object:
        read.append(given)
        return await ingest(self, *given, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Library, "ingest", counted)
    for times, change in ((1, False), (1, False), (2, True), (2, False)):
        if change:
            changed = next(iter(sorted(samples.glob("*.md"))))
            changed.write_text(changed.read_text() + "\n\n## Canary\n\nThe canary lives in the harbour.\n")
        async with open_app(settings(data)) as app:
            library = (await app.shelf.collection()).library
            assert len(read) == times
            is_there = any("canary lives" in clause.text for clause in await library.clauses())
            assert is_there == (times == 2)
