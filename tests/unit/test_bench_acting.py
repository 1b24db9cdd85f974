"""The bench of guarded actions with tiny numbers: it runs, counts every transaction, and prints a table."""

from pathlib import Path

from sqlmodel import select

from actions.store.tables import Action
from tests.bench.acting import STEPS, Measured, measure, written
from tests.bench.log import empty_database


async def test_each_member_proposes_and_confirms_once(tmp_path: Path) -> None:
    async with empty_database("sqlite", tmp_path) as database:
        measured = await measure(database, tmp_path / "beside", 3)
        async with database.read() as session:
            actions = (await session.exec(select(Action))).all()
    assert [action.step for action in actions] == ["SCHEDULED"] * 3
    assert {step: len(times) for step, times in measured.times.items()} == dict.fromkeys(STEPS, 3)
    assert min(time for times in measured.times.values() for time in times) > 0
    assert measured.peak > 0


def test_the_figures_are_rates_and_quantiles() -> None:
    measured = Measured({"proposal": [10.0] * 19 + [810.0]}, before=90.4, after=99.6, peak=101.0)
    assert written({"sqlite": measured}).splitlines() == [
        "|                  | transactions | a second | p50 ms | p95 ms |",
        "| ---------------- | -----------: | -------: | -----: | -----: |",
        "| SQLite, proposal |           20 |       20 |   10.0 |  810.0 |",
        "",
        "SQLite: 90 MB before, 100 MB after, 101 MB at most",
    ]
