"""One data folder is prepared once a worker - tables, demo accounts, sample library - and copied per test."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from actions.store.demo import fill
from bot.app import App, open_app
from bot.config import Settings
from tests.fakes import MovingClock
from tests.make import settings


@pytest.fixture(autouse=True)
def _no_settings_from_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _logs_of_this_test_only() -> Iterator[None]:
    """What an application of a test logs goes to that stderr, which is closed when the next test runs."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def prepared_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with demo accounts and an ingested sample library."""
    folder = tmp_path_factory.mktemp("prepared")

    async def prepare() -> None:
        async with open_app(settings(folder), clock=MovingClock()) as app:
            await fill(app.database, app.clock)
            await app.shelf.warm()

    asyncio.run(prepare())
    return folder


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def data_dir(prepared_dir: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the prepared folder that a test may change."""
    target = tmp_path / "data"
    shutil.copytree(prepared_dir, target)
    yield target
    shutil.rmtree(target, ignore_errors=True)


@pytest.fixture
async def app(data_dir: Path, clock: MovingClock) -> AsyncIterator[App]:
    async with open_app(settings(data_dir), clock=clock) as opened:
        yield opened


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).parents[1]
