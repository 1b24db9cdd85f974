"""A file of signed checkpoints that somebody tampered with: named by its line, and not written on."""

import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from actions.audit import verify
from actions.checkpoints import Checkpoints, SigningKey
from actions.errors import CheckpointsDamaged
from actions.log import Entry
from actions.seal import Head, Seal
from actions.store.unit import unit_of_work
from tests.contract.acting import World, make_world
from tests.fakes import A_TUESDAY

HASH, MOMENT, SIGNATURE = "a" * 64, A_TUESDAY.isoformat(), "b" * 128
DAMAGED = [
    f"7 {HASH} no-moment {SIGNATURE}",
    f"7 {HASH} {MOMENT} {SIGNATURE}",
    f"999999999 {HASH} 2026-11-24T10:00:00 {SIGNATURE}",
    f"7 {HASH} {MOMENT} {SIGNATURE} more",
    f"7 {HASH[:-1]} {MOMENT} {SIGNATURE}",
    f"{'9' * 4000} {HASH} {MOMENT} {SIGNATURE}",
    f"-7 {HASH} {MOMENT} {SIGNATURE}",
    "\udcff\udcfe",
    "hello",
]


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return Checkpoints(tmp_path / "outside" / "checkpoints", SigningKey(tmp_path / "outside" / "key"))


@pytest.fixture
async def world(tmp_path: Path, checkpoints: Checkpoints) -> AsyncIterator[World]:
    world = await make_world(tmp_path)
    world.seal = Seal(tmp_path / "outside", checkpoints)
    yield world
    await world.database.close()


async def grow(world: World, count: int) -> None:
    for _ in range(count):
        async with unit_of_work(world.database, world.clock, world.seal) as unit:
            await unit.record(Entry("anonymous", "clock", "test"))


def spoil(checkpoints: Checkpoints, line: str) -> bytes:
    with checkpoints.path.open("ab") as file:
        file.write(line.encode("ascii", errors="surrogateescape") + b"\n")
    return checkpoints.path.read_bytes()


@pytest.mark.parametrize("line", DAMAGED)
def test_nothing_is_appended_over_a_damaged_tail(checkpoints: Checkpoints, line: str) -> None:
    checkpoints.prepare()
    checkpoints.write(Head(3, HASH), A_TUESDAY)
    checkpoints.write(Head(5, HASH), A_TUESDAY)
    spoilt = spoil(checkpoints, line)
    later = A_TUESDAY + timedelta(hours=1)
    for process in (checkpoints, Checkpoints(checkpoints.path, checkpoints.key)):
        for write in (process.write, process.write_hourly, process.write_due):
            with pytest.raises(CheckpointsDamaged, match="checkpoint file damaged at line 3"):
                write(Head(100, HASH), later)
    assert checkpoints.path.read_bytes() == spoilt


def test_the_line_is_counted_from_the_beginning_of_a_long_file(checkpoints: Checkpoints) -> None:
    for count in range(1, 51):
        checkpoints.write(Head(count, HASH), A_TUESDAY)
    spoil(checkpoints, "hello")
    with pytest.raises(CheckpointsDamaged, match="damaged at line 51"):
        checkpoints.write(Head(60, HASH), A_TUESDAY)


@pytest.mark.parametrize("length", [0, 1, 2, 40, 66, 67, 80, 92, 93, 100, 220])
def test_a_line_cut_short_by_a_kill_is_no_damage(checkpoints: Checkpoints, length: int) -> None:
    checkpoints.write(Head(3, HASH), A_TUESDAY)
    whole = checkpoints.path.read_bytes()
    checkpoints.path.write_bytes(whole + whole[:length])
    checkpoints.write(Head(7, HASH), A_TUESDAY)
    signed = checkpoints.read()
    assert signed
    assert (dict(signed.heads), signed.damage) == ({3: HASH, 7: HASH}, None)


@pytest.mark.parametrize("line", DAMAGED)
async def test_the_verdict_names_the_line(world: World, checkpoints: Checkpoints, line: str) -> None:
    await grow(world, 3)
    checkpoints.write_hourly(Head(*await head_of(world)), world.clock.now())
    assert (await verify(world.database, world.seal)).ok
    spoil(checkpoints, line)
    found = await verify(world.database, world.seal)
    assert (found.ok, found.first_bad_seq) == (False, None)
    assert "checkpoint file damaged at line 2" in (found.reason or "")


async def head_of(world: World) -> tuple[int, str]:
    report = await verify(world.database, Seal(world.seal.path.parent, None))
    return report.entries, report.head


async def test_work_goes_on_and_says_so(
    world: World, checkpoints: Checkpoints, caplog: pytest.LogCaptureFixture
) -> None:
    await grow(world, 99)
    spoilt = spoil(checkpoints, DAMAGED[0])
    with caplog.at_level(logging.ERROR):
        await grow(world, 1)
    assert "checkpoint file damaged at line 1" in caplog.text
    assert checkpoints.path.read_bytes() == spoilt
    assert (await verify(world.database, world.seal)).entries == 100
