"""The clauses of one document as they stand in the tables: read without their rows, changed in bulk.

A document may have a hundred thousand of them; as mapped objects they would take most of a gigabyte.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, update
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from knowledge.clauses import Piece
from knowledge.identity import Known, content_hash
from knowledge.tables import ClauseRow, DocumentRow

_AT_ONCE = 2000
_NAMED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Standing:
    """A current clause: what it is known by, and where it stands."""

    row_id: int
    known: Known
    ordinal: int
    language: str
    content_hash: str


async def standing(session: AsyncSession, row: DocumentRow) -> list[Standing]:
    """Return a document's current clauses in their order."""
    columns = (
        ClauseRow.id,
        ClauseRow.clause_id,
        ClauseRow.anchor,
        ClauseRow.path,
        ClauseRow.text,
        ClauseRow.ordinal,
        ClauseRow.language,
        ClauseRow.content_hash,
    )
    wanted = (
        select(*columns)  # type: ignore[call-overload]
        .where(ClauseRow.document_id == row.id, col(ClauseRow.is_current))
        .order_by(col(ClauseRow.ordinal))
    )
    found = await session.exec(wanted)
    return [
        Standing(row_id, Known(clause_id, anchor, tuple(path), text), ordinal, language, hashed)
        for row_id, clause_id, anchor, path, text, ordinal, language, hashed in found
    ]


async def count(session: AsyncSession, row: DocumentRow) -> int:
    wanted = select(func.count()).where(ClauseRow.document_id == row.id, col(ClauseRow.is_current))
    return (await session.exec(wanted)).one()


async def retired_ids(session: AsyncSession, row: DocumentRow, current: set[str]) -> set[str]:
    """Ids that the document once used. They are never given to another clause."""
    wanted = select(ClauseRow.clause_id).where(ClauseRow.document_id == row.id).distinct()
    return set((await session.exec(wanted)).all()) - current


def same(rows: Sequence[Standing], ids: Sequence[str], pieces: Sequence[Piece], language: str) -> bool:
    return len(rows) == len(ids) and all(
        (row.known.clause_id, row.content_hash, row.known.anchor, row.known.path, row.language)
        == (clause_id, content_hash(piece.heading, piece.text), piece.anchor, piece.path, language)
        for row, clause_id, piece in zip(rows, ids, pieces, strict=True)
    )


async def replace(
    session: AsyncSession,
    row: DocumentRow,
    rows: Sequence[Standing],
    ids: Sequence[str],
    pieces: Sequence[Piece],
    storing: Callable[[int, int], None],
) -> int:
    """Make `pieces` the current clauses; return how many are new, changed or gone."""
    before = {clause.known.clause_id: clause for clause in rows}
    changes = _Changes(session, row)
    for ordinal, (clause_id, piece) in enumerate(zip(ids, pieces, strict=True)):
        hashed = content_hash(piece.heading, piece.text)
        clause = before.pop(clause_id, None)
        if clause is not None and clause.content_hash == hashed:
            changes.place(clause, ordinal, piece)
            continue
        if clause is not None:
            changes.gone.append(clause.row_id)
        changes.add(clause_id, ordinal, piece, hashed)
        if len(changes.new) == _AT_ONCE:
            await changes.insert()
            storing(ordinal + 1, len(pieces))
    changes.gone += [clause.row_id for clause in before.values()]
    await changes.finish()
    return changes.added + len(before)


class _Changes:
    """Rows to be written, many at once, for each trip to the database's thread takes its time.

    Not all at once: a trip copies its rows.
    """

    def __init__(self, session: AsyncSession, row: DocumentRow) -> None:
        self._session = session
        self._row = row
        self._placed: list[dict[str, object]] = []
        self.new: list[dict[str, object]] = []
        self.gone: list[int] = []
        self.added = 0

    def add(self, clause_id: str, ordinal: int, piece: Piece, hashed: str) -> None:
        self.added += 1
        self.new.append(
            {
                "clause_id": clause_id,
                "document_id": self._row.id or 0,
                "version": self._row.version,
                "heading": piece.heading,
                "text": piece.text,
                "content_hash": hashed,
                "ordinal": ordinal,
                "anchor": piece.anchor,
                "path": list(piece.path),
                "language": self._row.language,
                "is_current": True,
            }
        )

    def place(self, clause: Standing, ordinal: int, piece: Piece) -> None:
        """Note where a clause stands now, whose wording is the same."""
        stood = (clause.ordinal, clause.known.anchor, clause.known.path, clause.language)
        if stood != (ordinal, piece.anchor, piece.path, self._row.language):
            self._placed.append(
                {
                    "row_id": clause.row_id,
                    "to_ordinal": ordinal,
                    "to_anchor": piece.anchor,
                    "to_path": list(piece.path),
                    "to_language": self._row.language,
                }
            )

    async def insert(self) -> None:
        await self._session.exec(insert(ClauseRow), params=self.new)
        self.new = []

    async def finish(self) -> None:
        if self.new:
            await self.insert()
        for start in range(0, len(self.gone), _NAMED_AT_ONCE):
            some = col(ClauseRow.id).in_(self.gone[start : start + _NAMED_AT_ONCE])
            await self._session.exec(update(ClauseRow).where(some).values(is_current=False))
        await self._session.flush()
        # as plain statements: the session would load and keep each row
        connection = await self._session.connection()
        placing = (
            update(ClauseRow)
            .where(col(ClauseRow.id) == bindparam("row_id"))
            .values({name: bindparam(f"to_{name}") for name in ("ordinal", "anchor", "path", "language")})
        )
        for start in range(0, len(self._placed), _AT_ONCE):
            await connection.run_sync(Connection.execute, placing, self._placed[start : start + _AT_ONCE])
