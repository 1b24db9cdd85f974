"""One service and one browser a module; each test has its own browsing session in it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser
from pydantic import SecretStr

from bot.app import App
from tests.browser.running import ChromiumMissingError, chromium, copied, service
from tests.browser.site import SITE_SECRET, Site


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


@pytest.fixture(scope="module")
def served_folder(prepared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(prepared_dir, tmp_path_factory.mktemp("web") / "data")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(served_folder: Path, site: Site) -> AsyncIterator[tuple[App, str]]:
    async with service(
        served_folder,
        web_origins=(site.origin,),
        site_jwt_secret=SecretStr(SITE_SECRET),
        site_jwt_audience="clausewise",
    ) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    try:
        async with chromium() as started:
            yield started
    except ChromiumMissingError as error:
        pytest.fail(str(error), pytrace=False)
