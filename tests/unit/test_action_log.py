"""The action log: nobody changes it, whoever does is found out, and it knows nobody's name."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from actions.audit import LogReport, verify
from actions.canonical import canonical
from actions.log import CHECKPOINT_EVERY, Entry, append, entries
from actions.model import ActionKind, Receipt, Right
from actions.seal import GENESIS, Head, Seal
from actions.store.tables import ActionLog, LogCheckpoint
from actions.store.unit import unit_of_work
from actions.subjects import known_pseudonym
from tests.contract.acting import OWNER, STRANGER, World, make_world, staff_policies

HASH = "a" * 64


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Three actions done, thirteen entries or more."""
    world = await make_world(tmp_path)
    await world.file(OWNER, Right.ACCESS)
    await world.file(STRANGER, Right.OBJECTION)
    await world.done(OWNER, ActionKind.INVOICE_CORRECTION, company="Teapots & Daughters Ltd")
    yield world
    await world.database.close()


async def execute(world: World, *statements: str) -> None:
    async with world.database.write() as session:
        connection = await session.connection()
        for statement in statements:
            await connection.run_sync(Connection.execute, text(statement))


async def report(world: World) -> LogReport:
    return await verify(world.database, world.seal)


async def disarm(world: World) -> None:
    """Take the triggers away, as somebody with the database's file in hands can."""
    async with world.database.read() as session:
        connection = await session.connection()
        names = await connection.run_sync(
            Connection.execute, text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        )
        drops = [f"DROP TRIGGER {name}" for (name,) in names]
    assert len(drops) == 7
    await execute(world, *drops)


async def test_an_untouched_log_verifies(world: World) -> None:
    found = await report(world)
    assert found == LogReport(True, 15, found.head, None, None)
    rows = await entries(world.database)
    assert [row.seq for row in rows] == list(range(1, 16))
    assert rows[0].prev_hash == GENESIS
    assert rows[-1].hash == found.head


async def test_an_empty_log_verifies(tmp_path: Path) -> None:
    world = await make_world(tmp_path)
    assert await report(world) == LogReport(True, 0, GENESIS)
    await world.database.close()


COLUMNS = "at, subject, actor, action_id, kind, step, rule, clauses, plan_hash, params_hash, prev_hash, hash"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE action_log SET rule = 'innocent' WHERE seq = 3",
        "UPDATE OR REPLACE action_log SET seq = 1 WHERE seq = 3",
        "DELETE FROM action_log WHERE seq = 15",
        "DELETE FROM action_log",
        f"INSERT OR REPLACE INTO action_log SELECT 3, {COLUMNS} FROM action_log WHERE seq = 4",
        f"REPLACE INTO action_log SELECT 15, {COLUMNS} FROM action_log WHERE seq = 15",
        f"INSERT OR IGNORE INTO action_log SELECT 15, {COLUMNS} FROM action_log WHERE seq = 14",
        f"INSERT INTO action_log SELECT 17, {COLUMNS} FROM action_log WHERE seq = 15",
        f"INSERT INTO action_log SELECT 16, {COLUMNS} FROM action_log WHERE seq = 15",
        f"INSERT INTO action_log SELECT 0, {COLUMNS} FROM action_log WHERE seq = 1",
        f"INSERT INTO action_log SELECT 3, {COLUMNS} FROM action_log WHERE seq = 3"
        " ON CONFLICT (seq) DO UPDATE SET rule = 'innocent'",
        "UPDATE log_checkpoint SET hash = ''",
        "DELETE FROM log_checkpoint",
        "INSERT OR REPLACE INTO log_checkpoint SELECT seq, 'x', at FROM log_checkpoint",
    ],
)
async def test_the_database_itself_refuses_to_change_it(world: World, statement: str) -> None:
    await execute(world, "INSERT INTO log_checkpoint SELECT seq, hash, at FROM action_log WHERE seq = 5")
    for pragma in ("ON", "OFF"):
        async with world.database.engine.connect() as connection:
            await connection.run_sync(
                Connection.execute, text("COMMIT")
            )  # a pragma counts only outside a transaction
            await connection.run_sync(Connection.execute, text(f"PRAGMA recursive_triggers = {pragma}"))
            with pytest.raises(DBAPIError, match=r"append-only|continues it"):
                await connection.run_sync(Connection.execute, text(statement))
            await connection.run_sync(Connection.execute, text("PRAGMA recursive_triggers = ON"))
            await connection.run_sync(Connection.execute, text("BEGIN"))
    assert (await report(world)).ok


@pytest.mark.parametrize(
    "column",
    ["subject", "actor", "action_id", "kind", "step", "rule", "clauses", "plan_hash", "params_hash", "at"],
)
async def test_a_change_of_any_column_names_the_entry(world: World, column: str) -> None:
    await disarm(world)
    value = "2026-01-01 00:00:00.000000" if column == "at" else "forged"
    await execute(world, f"UPDATE action_log SET {column} = '{value}' WHERE seq = 4")
    found = await report(world)
    assert (found.ok, found.first_bad_seq, found.entries) == (False, 4, 15)
    assert found.reason == "entry 4: was changed: its content does not give its hash"


@pytest.mark.parametrize(
    ("statement", "seq", "reason"),
    [
        ("UPDATE action_log SET hash = 'x' WHERE seq = 4", 4, "its content does not give its hash"),
        ("UPDATE action_log SET prev_hash = 'x' WHERE seq = 4", 4, "does not continue"),
        ("DELETE FROM action_log WHERE seq = 4", 4, "is missing; entry 5 follows entry 3"),
        ("DELETE FROM action_log WHERE seq = 1", 1, "is missing; entry 2 follows entry 0"),
        ("DELETE FROM action_log WHERE seq > 12", 13, "is missing; the log once held 15 entries"),
        ("DELETE FROM action_log", 1, "is missing; the log once held 15 entries"),
        ("UPDATE action_log SET seq = -seq", 1, "is missing; entry -15 follows entry 0"),
    ],
)
async def test_the_first_bad_entry_is_named(world: World, statement: str, seq: int, reason: str) -> None:
    await disarm(world)
    await execute(world, statement)
    found = await report(world)
    assert not found.ok
    assert found.first_bad_seq == seq
    assert reason in (found.reason or "")


async def test_a_log_rewritten_whole_is_betrayed_by_the_seal(world: World) -> None:
    await disarm(world)
    async with world.database.write() as session:
        rows = (await session.exec(select(ActionLog).order_by(col(ActionLog.seq)))).all()
        copies = [ActionLog(**row.model_dump()) for row in rows]
        for row in rows:
            await session.delete(row)
        await session.flush()
        session.expunge_all()
        for row in copies:
            rule = "forged" if row.seq == 6 else row.rule
            entry = Entry(
                row.subject,
                row.actor,
                row.kind,
                row.action_id,
                row.step,
                rule,
                tuple(row.clauses.split()),
                row.plan_hash,
                row.params_hash,
            )
            await append(session, entry, row.at)
    assert (await verify(world.database, None)).ok
    found = await report(world)
    # the head is sealed with every commit: entry 7 is the first sealed one after the forged sixth
    assert (found.ok, found.first_bad_seq) == (False, 7)
    assert "sealed outside the database" in (found.reason or "")


async def test_a_missing_seal_is_said(world: World) -> None:
    world.seal.path.unlink()
    found = await report(world)
    assert (found.ok, found.first_bad_seq, found.entries) == (False, None, 15)
    assert "the seal is missing" in (found.reason or "")


async def test_a_seal_begun_anew_is_said_though_the_next_unit_fails(world: World) -> None:
    world.seal.path.unlink()
    with pytest.raises(RuntimeError, match="undone"):
        async with unit_of_work(world.database, world.clock, world.seal):
            raise RuntimeError("undone")
    assert (await report(world)).ok
    assert [entry.rule for entry in await entries(world.database, kind="seal")] == ["seal-begun"]


async def test_a_seal_begun_anew_is_written_into_the_log(world: World) -> None:
    world.seal.path.unlink()
    await world.service.recover()
    assert (await report(world)).ok
    (entry,) = await entries(world.database, kind="seal")
    assert (entry.seq, entry.rule) == (16, "seal-begun")
    await world.service.recover()
    assert len(await entries(world.database, kind="seal")) == 1


async def test_the_checkpoints_witness_too(world: World) -> None:
    async with unit_of_work(world.database, world.clock, world.seal) as unit:
        for _ in range(CHECKPOINT_EVERY):
            await unit.record(Entry("anonymous", "clock", "test"))
    (checkpoint,) = await world.rows(LogCheckpoint)
    assert checkpoint.seq == CHECKPOINT_EVERY
    assert (await report(world)).ok
    await disarm(world)
    await execute(world, "UPDATE log_checkpoint SET hash = 'x'")
    assert (await verify(world.database, None)).first_bad_seq == CHECKPOINT_EVERY


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE action SET step = 'WITHDRAWN' WHERE kind = 'invoice_correction'", "stands at a step"),
        ("DELETE FROM effect WHERE rowid = 1", "is done without one"),
        ("UPDATE account SET status = 'closed' WHERE country = 'LT'", "closed or closing without an action"),
        ("UPDATE account SET status = 'closing' WHERE country = 'LT'", "closed or closing without an action"),
        (
            "INSERT INTO action SELECT 'x', kind, 'DONE', account_id, member_id, email, role, language,"
            " conversation_id, 'x', arguments, plan, plan_hash, 'x', 'x', verdict, outcome, clause_ids,"
            " reason, proposed_at, expires_at, confirmed_at, due_at, executed_at FROM action LIMIT 1",
            "action x stands at a step",
        ),
    ],
)
async def test_an_effect_without_its_entry_is_found(world: World, statement: str, reason: str) -> None:
    await execute(world, statement)
    found = await report(world)
    assert (found.ok, found.first_bad_seq) == (False, None)
    assert reason in (found.reason or "")


async def test_papers_without_an_action_that_is_done_are_found(world: World) -> None:
    card = await world.card(STRANGER, ActionKind.GDPR_REQUEST, right="access")
    await execute(world, f"UPDATE gdpr_case SET action_id = '{card.action_id}' WHERE right = 'access'")
    found = await report(world)
    assert not found.ok
    assert "was made by no action that is done" in (found.reason or "")


async def test_the_log_knows_no_names_addresses_or_texts(tmp_path: Path) -> None:
    """Canaries go in wherever a person can put something; none comes out."""
    canaries = {
        "company": "CANARYCOMPANY Ltd",
        "address": "1 CANARYSTREET",
        "email": "canary.bird@example.com",
        "staff": "canary.staff@example.com",
        "origin": "CANARYORIGIN",
        "conversation": "CANARYCHAT",
        "reason": "CANARYREASON",
    }
    world = (await make_world(tmp_path)).another_process(staff_policies())
    await world.file(canaries["email"], Right.ERASURE)
    await world.propose(
        OWNER,
        ActionKind.INVOICE_CORRECTION,
        origin=canaries["origin"],
        conversation=canaries["conversation"],
        company=canaries["company"],
        address=canaries["address"],
    )
    card = await world.card(OWNER, ActionKind.CANCEL_ACCOUNT, conversation=canaries["conversation"])
    await world.press(canaries["email"], card)
    receipt = await world.press(OWNER, card, canaries["conversation"])
    assert isinstance(receipt, Receipt)
    refused = await world.service.refuse(receipt.action_id, canaries["staff"], canaries["reason"])
    assert isinstance(refused, Receipt)
    rows = await entries(world.database, limit=1000)
    written = json.dumps([row.model_dump() for row in rows], default=str)
    written += world.seal.path.read_text()
    for secret in ("canary", OWNER, "olivia", "teapots", "dublin", card.token, receipt.reference):
        assert secret.lower() not in written.lower()
    assert len(rows) >= 12
    await world.database.close()


async def test_one_person_has_one_pseudonym_in_one_store(world: World) -> None:
    owner = await world.principal(OWNER)
    async with world.database.read() as session:
        known = await known_pseudonym(session, owner.member_id or "")
        stranger = await known_pseudonym(session, STRANGER)
    rows = await entries(world.database, subject=known)
    assert len(rows) == 10
    assert {row.subject for row in await entries(world.database)} == {known, stranger}


async def test_entries_can_be_filtered_and_paged(world: World) -> None:
    filed = await entries(world.database, kind="gdpr_request", step="DONE")
    assert [row.rule for row in filed] == [None, None]
    assert [row.seq for row in await entries(world.database, after=3, limit=2)] == [4, 5]
    assert list(await entries(world.database, action_id="none")) == []


@pytest.mark.parametrize(
    ("tail", "heads"),
    [
        ("", {0: GENESIS, 5: HASH}),
        ("6 abc", {0: GENESIS, 5: HASH}),
        ("6", {0: GENESIS, 5: HASH}),
        (f"6 {HASH}", {0: GENESIS, 5: HASH, 6: HASH}),
        (f"5 {'b' * 64} later\n", {0: GENESIS, 5: HASH}),
    ],
)
def test_a_seal_survives_a_torn_line_and_believes_what_was_sealed_first(
    tmp_path: Path, tail: str, heads: dict[int, str]
) -> None:
    from tests.fakes import A_TUESDAY

    seal = Seal(tmp_path / "new")
    assert seal.heads() is None
    seal.prepare()
    seal.prepare()
    seal.write(Head(5, HASH), A_TUESDAY)
    with seal.path.open("a") as file:
        file.write(tail)
    assert seal.heads() == heads
    seal.write(Head(7, HASH), A_TUESDAY)
    assert seal.heads() == heads | {7: HASH}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_canonical_json_is_one_text_for_one_value(value: object) -> None:
    text = canonical(value)
    assert text.isascii()
    assert json.loads(text) == value
    if isinstance(value, dict):
        assert canonical(dict(reversed(value.items()))) == text
