"""What an admin with the database in hands can do to the log: 1,000 ways, each made by its number.

The triggers are dropped first, hashes are recomputed where that helps. What stands outside the database - the
seal, the signed checkpoints, the key - is out of this admin's reach.
"""

import hashlib
import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

COLUMNS = (
    "seq", "at", "subject", "actor", "action_id", "kind", "step", "rule", "clauses", "plan_hash",
    "params_hash", "prev_hash", "hash",
)  # fmt: skip
REQUIRED = ("seq", "at", "subject", "actor", "kind", "clauses", "prev_hash", "hash")
Row = dict[str, Any]


def mutate(database: Path, older: list[Path], number: int) -> str:
    """Change `database` by mutation `number`; return its name. `older` are copies from before."""
    chance = random.Random(number)
    name = list(MUTATIONS)[number % len(MUTATIONS)]
    if name.startswith("restore"):
        shutil.copyfile(chance.choice(older), database)
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        for (trigger,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        rows = [dict(row) for row in connection.execute("SELECT * FROM action_log ORDER BY seq")]
        before = [dict(row) for row in rows]
        after = MUTATIONS[name](connection, rows, chance)
        if after is not None:
            assert after != before, "this mutation changed nothing"
            connection.execute("DELETE FROM action_log")
            places = ", ".join("?" * len(COLUMNS))
            insert = f"INSERT INTO action_log ({', '.join(COLUMNS)}) VALUES ({places})"
            connection.executemany(insert, [[row[column] for column in COLUMNS] for row in after])
        connection.commit()
    return name


def _forged(column: str, old: Any, chance: random.Random, rows: list[Row]) -> Any:
    """Another value for a column: one of another entry, one slightly changed, none, or nonsense."""
    others = [row[column] for row in rows if row[column] != old]
    candidates: list[Any] = [chance.choice(others)] if others else []
    if isinstance(old, str) and old:
        place = chance.randrange(len(old))
        candidates += [old[:place] + chr(ord(old[place]) ^ 1) + old[place + 1 :], old + " ", old.upper(), ""]
    if column not in REQUIRED:
        candidates.append(None)
    candidates += ["forged", b"bytes", "DONE"]
    return chance.choice([value for value in candidates if value != old])


def _edit(_connection: sqlite3.Connection, rows: list[Row], chance: random.Random) -> list[Row]:
    row, column = chance.choice(rows), chance.choice(COLUMNS)
    if column == "seq":
        row["seq"] = chance.choice([-row["seq"], row["seq"] + 1000, 0])
    else:
        row[column] = _forged(column, row[column], chance, rows)
    return rows


def _delete(_connection: sqlite3.Connection, rows: list[Row], chance: random.Random) -> list[Row]:
    start, length = chance.randrange(len(rows)), chance.randint(1, 5)
    return rows[:start] + rows[start + length :]


def _reorder(_connection: sqlite3.Connection, rows: list[Row], chance: random.Random) -> list[Row]:
    one, other = chance.sample(rows, 2)
    one["seq"], other["seq"] = other["seq"], one["seq"]
    return rows


def _insert(_connection: sqlite3.Connection, rows: list[Row], chance: random.Random) -> list[Row]:
    """A forged entry, anywhere; what follows it is renumbered and chained anew."""
    place = chance.randrange(len(rows) + 1)
    return _chained([*rows[:place], _innocent(rows, chance), *rows[place:]], place)


def _append(_connection: sqlite3.Connection, rows: list[Row], chance: random.Random) -> list[Row]:
    """One or more forged entries that continue the log as the database's own trigger wants it."""
    return _chained(rows + [_innocent(rows, chance) for _ in range(chance.randint(1, 5))], len(rows))


def _truncate(connection: sqlite3.Connection, rows: list[Row], chance: random.Random) -> list[Row]:
    kept = rows[: -chance.randint(1, len(rows))]
    connection.execute("DELETE FROM log_checkpoint WHERE seq > ?", [len(kept)])
    return kept


def _restamp(connection: sqlite3.Connection, rows: list[Row], chance: random.Random) -> list[Row]:
    """Change an entry, or take it out, and chain the whole log anew, its checkpoints included."""
    place = chance.randrange(len(rows))
    if chance.random() < 0.3:
        del rows[place]
    else:
        column = chance.choice(COLUMNS[1:-2])
        rows[place][column] = _forged(column, rows[place][column], chance, rows)
    chained = _chained(rows, chance.choice([0, place]))
    _stamp_checkpoints(connection, chained)
    return chained


def _restore(_connection: sqlite3.Connection, _rows: list[Row], _chance: random.Random) -> None:
    """The older copy as it was."""


def _restore_and_fill(connection: sqlite3.Connection, rows: list[Row], chance: random.Random) -> list[Row]:
    """An older copy, filled up with forged entries to about the number that was there."""
    filled = _chained(rows + [_innocent(rows, chance) for _ in range(chance.randint(1, 120))], len(rows))
    _stamp_checkpoints(connection, filled)
    return filled


def _effect(connection: sqlite3.Connection, _rows: list[Row], chance: random.Random) -> None:
    """Leave the log alone, change what it speaks of."""
    done = [
        action for (action,) in map(tuple, connection.execute("SELECT id FROM action WHERE step = 'DONE'"))
    ]
    action = chance.choice(done)
    if chance.random() < 0.5:
        connection.execute("DELETE FROM effect WHERE action_id = ?", [action])
    else:
        connection.execute("UPDATE action SET step = 'WITHDRAWN' WHERE id = ?", [action])


def _checkpoint(connection: sqlite3.Connection, _rows: list[Row], chance: random.Random) -> None:
    statement = chance.choice(["hash = ?", "hash = ?, seq = seq + 1000"])
    connection.execute(f"UPDATE log_checkpoint SET {statement}", [f"{chance.getrandbits(256):064x}"])


MUTATIONS: dict[str, Callable[[sqlite3.Connection, list[Row], random.Random], list[Row] | None]] = {
    "edit": _edit,
    "edit again": _edit,
    "edit once more": _edit,
    "delete": _delete,
    "reorder": _reorder,
    "insert": _insert,
    "append": _append,
    "truncate": _truncate,
    "restamp": _restamp,
    "restore": _restore,
    "restore and fill": _restore_and_fill,
    "effect": _effect,
    "checkpoint": _checkpoint,
}


def _innocent(rows: list[Row], chance: random.Random) -> Row:
    return {**chance.choice(rows), "rule": "innocent"}


def _chained(rows: list[Row], start: int) -> list[Row]:
    """Number `rows` and chain them anew from index `start`, with the hashes that need no key."""
    last = rows[start - 1]["hash"] if start else "0" * 64
    for seq, row in enumerate(rows[start:], start=start + 1):
        row["seq"], row["prev_hash"] = seq, last
        at = row["at"]
        moment = (
            f"{at[:10]}T{at[11:19]}{'' if at[19:] == '.000000' else at[19:]}+00:00" if len(at) == 26 else at
        )
        content = {name: row[name] for name in COLUMNS[:-1]} | {"at": moment}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
        row["hash"] = last = hashlib.sha256(text.encode()).hexdigest()
    return rows


def _stamp_checkpoints(connection: sqlite3.Connection, rows: list[Row]) -> None:
    connection.execute("DELETE FROM log_checkpoint WHERE seq > ?", [len(rows)])
    for row in rows:
        connection.execute("UPDATE log_checkpoint SET hash = ? WHERE seq = ?", [row["hash"], row["seq"]])
