"""The prepared stores as fixtures, one for each database."""

import pytest

from tests.faults.scene import Stage


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    stage = Stage(tmp_path_factory.mktemp("stage"))
    stage.prepare()
    return stage


@pytest.fixture(scope="module")
def postgresql(server: str, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    stage = Stage(tmp_path_factory.mktemp("stage"), server)
    stage.prepare()
    return stage


@pytest.fixture(params=["sqlite", "postgresql"])
def stage(request: pytest.FixtureRequest) -> Stage:
    made = request.getfixturevalue(request.param)
    assert isinstance(made, Stage)
    return made
