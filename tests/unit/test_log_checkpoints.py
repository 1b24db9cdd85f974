"""Signed checkpoints and keyed entries: what the database's administrator cannot make."""

import asyncio
import stat
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)
from sqlalchemy import Connection, text

from actions.audit import LogReport, verify
from actions.checkpoints import EVERY_ENTRIES, Checkpoints, SigningKey
from actions.errors import SigningKeyError
from actions.log import Entry, append, entries
from actions.model import Right
from actions.seal import Head, Seal
from actions.service import ActionService
from actions.store.unit import unit_of_work
from tests.contract.acting import OWNER, FakeClauses, World, make_world
from tests.fakes import A_TUESDAY

HASH = "a" * 64


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return Checkpoints(tmp_path / "outside" / "checkpoints", SigningKey(tmp_path / "outside" / "key"))


@pytest.fixture
async def world(tmp_path: Path, checkpoints: Checkpoints) -> AsyncIterator[World]:
    world = await make_world(tmp_path)
    world.seal = Seal(tmp_path / "outside", checkpoints)
    world.service = ActionService(world.database, world.clock, FakeClauses(), seal=world.seal)
    yield world
    await world.database.close()


async def grow(world: World, count: int) -> None:
    for _ in range(count):
        async with unit_of_work(world.database, world.clock, world.seal) as unit:
            await unit.record(Entry("anonymous", "clock", "test"))


async def execute(world: World, *statements: str) -> None:
    async with world.database.write() as session:
        connection = await session.connection()
        names = (
            await connection.run_sync(
                Connection.execute, text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            )
        ).all()
        for statement in [*(f"DROP TRIGGER {name}" for (name,) in names), *statements]:
            await connection.run_sync(Connection.execute, text(statement))


async def report(world: World) -> LogReport:
    return await verify(world.database, world.seal)


def counts(checkpoints: Checkpoints) -> list[int]:
    return [int(line.split()[0]) for line in checkpoints.path.read_text().splitlines()]


def test_a_key_is_made_on_first_use_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "key"
    key = SigningKey(path)
    signature = key.sign("1 a b")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["key"]
    public = load_pem_public_key(key.public_pem.encode())
    assert isinstance(public, Ed25519PublicKey)
    public.verify(bytes.fromhex(signature), b"1 a b")
    with pytest.raises(InvalidSignature):
        public.verify(bytes.fromhex(signature), b"2 a b")
    again = SigningKey(path)
    assert (again.public_pem, again.entry_key) == (key.public_pem, key.entry_key)
    assert SigningKey(tmp_path / "another").entry_key != key.entry_key


def test_a_key_made_elsewhere_is_used(tmp_path: Path) -> None:
    private = Ed25519PrivateKey.generate()
    path = tmp_path / "key"
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert SigningKey(path).sign("x") == private.sign(b"x").hex()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "x",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----",
    ],
)
def test_what_is_no_key_is_said(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content)
    with pytest.raises(SigningKeyError, match="no Ed25519 private key"):
        SigningKey(path).sign("x")


@pytest.mark.parametrize(("seconds", "written"), [(3599, 1), (3600, 2), (3601, 2)])
def test_every_hour(checkpoints: Checkpoints, seconds: int, written: int) -> None:
    checkpoints.prepare()
    checkpoints.write_hourly(Head(0, HASH), A_TUESDAY)
    assert counts(checkpoints) == []  # an empty log has nothing to sign
    checkpoints.write_hourly(Head(5, HASH), A_TUESDAY)
    restarted = Checkpoints(checkpoints.path, checkpoints.key)
    restarted.write_hourly(Head(5, HASH), A_TUESDAY + timedelta(seconds=seconds))
    assert len(counts(checkpoints)) == written


@pytest.mark.parametrize(
    ("count", "written"), [(EVERY_ENTRIES - 1, []), (EVERY_ENTRIES, [100]), (EVERY_ENTRIES + 1, [101])]
)
def test_every_hundredth_entry(checkpoints: Checkpoints, count: int, written: list[int]) -> None:
    checkpoints.prepare()
    checkpoints.write_due(Head(count, HASH), A_TUESDAY)
    checkpoints.write_due(Head(count, HASH), A_TUESDAY)
    assert counts(checkpoints) == written


async def test_serving_signs_every_hour(world: World, checkpoints: Checkpoints) -> None:
    await world.service.checkpoint()
    assert not checkpoints.path.exists()
    await grow(world, 2)
    for _ in range(4):
        await world.service.checkpoint()
        world.clock.move(minutes=30)
    assert counts(checkpoints) == [2, 2]
    assert (await report(world)).ok


async def test_a_forged_signature_is_said(world: World, checkpoints: Checkpoints) -> None:
    await grow(world, 3)
    await world.service.checkpoint()
    line = checkpoints.path.read_text()
    checkpoints.path.write_text(line.replace("3 ", "2 ", 1))
    found = await report(world)
    assert (found.ok, found.first_bad_seq) == (False, None)
    assert "line 1" in (found.reason or "")
    assert "forged signature" in (found.reason or "")
    forger = Checkpoints(
        checkpoints.path.with_name("forged"), SigningKey(checkpoints.path.with_name("forger"))
    )
    forger.write(Head(9, HASH), A_TUESDAY)
    checkpoints.path.write_text(line + forger.path.read_text())
    assert "line 2" in ((await report(world)).reason or "")
    checkpoints.path.write_text(f"{line}{line[:-30]}")  # cut short by a kill
    assert (await report(world)).ok


async def test_missing_checkpoints_are_said_and_begun_anew_with_an_entry(
    world: World, checkpoints: Checkpoints
) -> None:
    await grow(world, 3)
    checkpoints.path.unlink()
    await world.service.checkpoint()
    found = await report(world)
    assert (found.ok, found.first_bad_seq) == (False, None)
    assert "signed checkpoints are missing" in (found.reason or "")
    await grow(world, 1)
    assert (await report(world)).ok
    (entry,) = await entries(world.database, kind="seal")
    assert (entry.seq, entry.rule) == (4, "checkpoints-begun")


async def test_a_checkpoint_ahead_of_the_log_names_the_first_missing_entry(world: World) -> None:
    await grow(world, 5)
    await world.service.checkpoint()
    world.seal.path.unlink()
    world.seal.prepare()
    await execute(world, "DELETE FROM action_log WHERE seq > 3")
    found = await report(world)
    assert (found.ok, found.first_bad_seq) == (False, 4)
    assert "the log once held 5 entries" in (found.reason or "")


async def test_a_checkpoint_on_another_entry_names_it(world: World, checkpoints: Checkpoints) -> None:
    await grow(world, 5)
    checkpoints.write(Head(4, HASH), A_TUESDAY)
    found = await report(world)
    assert (found.ok, found.first_bad_seq) == (False, 4)
    assert "signed checkpoint" in (found.reason or "")


async def test_an_entry_without_the_key_is_found_though_it_continues_the_log(world: World) -> None:
    await grow(world, 5)
    async with world.database.write() as session:
        await append(session, Entry("anonymous", "customer", "forged"), A_TUESDAY)
    found = await report(world)
    assert (found.ok, found.first_bad_seq) == (False, 6)
    assert "lacks the key" in (found.reason or "")


async def test_a_log_of_a_release_without_the_key_still_verifies(world: World, tmp_path: Path) -> None:
    keyless = Seal(tmp_path / "outside")
    before = ActionService(world.database, world.clock, FakeClauses(), seal=keyless)
    await World(world.database, world.clock, keyless, before).file(OWNER, Right.ACCESS)
    assert "signed checkpoints are missing" in ((await report(world)).reason or "")
    await grow(world, 2)
    found = await report(world)
    assert found.ok, found
    assert found.entries > 5
    await execute(world, "UPDATE action_log SET rule = 'innocent' WHERE seq = 2")
    assert (await report(world)).first_bad_seq == 2


@pytest.mark.parametrize("value", ["CAST(x'ff41' AS TEXT)", "'no moment'", "x'00'", "''"])
async def test_an_entry_that_cannot_be_read_is_named(world: World, value: str) -> None:
    await grow(world, 5)
    await execute(world, f"UPDATE action_log SET at = {value} WHERE seq = 3")
    found = await report(world)
    assert (found.ok, found.first_bad_seq) == (False, 3)


def test_two_processes_that_begin_at_once_have_one_key(tmp_path: Path) -> None:
    keys = [SigningKey(tmp_path / "key") for _ in range(8)]

    async def all_at_once() -> list[str]:
        made = await asyncio.gather(*(asyncio.to_thread(getattr, key, "public_pem") for key in keys))
        return [str(key) for key in made]

    assert len(set(asyncio.run(all_at_once()))) == 1
