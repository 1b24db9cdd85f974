"""The bench of the log with tiny numbers: what it builds is a log that verifies and goes on."""

from pathlib import Path

import pytest

from tests.bench.log import empty_database, measure


@pytest.mark.parametrize("size", [6, 250])
async def test_a_log_is_built_verified_and_appended_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], size: int
) -> None:
    async with empty_database("sqlite", tmp_path) as database:
        await measure(database, tmp_path / "beside", size, 3)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["build", "verify", "append"]
