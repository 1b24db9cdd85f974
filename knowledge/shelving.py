"""Putting one document into the library's tables: what is new, what changed, what only moved."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path, PurePath

from sqlalchemy import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from knowledge.clauses import Piece
from knowledge.documents import Document
from knowledge.errors import LoadError
from knowledge.identity import Known, assign, content_hash, slug
from knowledge.model import FileOutcome
from knowledge.ports import Clock
from knowledge.tables import ClauseRow, DocumentRow, DocumentVersionRow, LibraryState


class Shelving:
    """One ingestion's work on the tables. `reading` holds the paths of all its files."""

    def __init__(self, clock: Clock, reading: frozenset[str] = frozenset()) -> None:
        self._clock = clock
        self._reading = reading

    async def settle(self, session: AsyncSession, name: str, path: Path, hashed: str) -> FileOutcome | None:
        """Decide about a file by its name, place and content alone; None when it has to be split.

        Raises LoadError for a second file with the same name or the same content.
        """
        known = await _by_name(session, name)
        if known and known.path != str(path) and known.status == "current" and self._stands(known.path):
            raise LoadError(f"Another file of this name is in the library, {known.path}. Rename one of them.")
        twin = await _twin(session, name, hashed)
        if twin and self._stands(twin.path):
            raise LoadError(f"Same content as {twin.name}. Leave one of them out.")
        if twin and known is None:
            return await self._rename(session, twin, name, path)
        if known is None or known.content_hash != hashed or known.status != "current":
            return None
        moved = known.path != str(path)
        known.path = str(path)
        session.add(known)
        count = len(await _current(session, known))
        return FileOutcome(name, "moved" if moved else "unchanged", known.language, count)

    async def shelve(self, session: AsyncSession, document: Document, path: Path) -> FileOutcome:
        """Store a document that `settle` left open: as a new one, or as the next version of its own."""
        row = await _by_name(session, document.name)
        if row is None:
            return await self._add(session, document, path)
        back = row.status != "current"
        rows = await _current(session, row)
        known = [Known(clause.clause_id, clause.anchor, tuple(clause.path), clause.text) for clause in rows]
        gone = await _retired_ids(session, row, {clause.clause_id for clause in rows})
        ids = assign(row.slug, document.pieces, known, gone)
        version_date = document.stated or (row.version_date if _same(rows, ids, document) else self._today())
        same = (
            _same(rows, ids, document)
            and (row.title, row.language, row.version_date)
            == (document.title, document.language, version_date)
            and not back
        )
        row.path, row.content_hash = str(path), document.content_hash
        if same:
            session.add(row)
            notes = ("the file differs from before, but no clause does", *document.notes)
            return FileOutcome(document.name, "unchanged", row.language, len(rows), notes=notes)
        row.title, row.language, row.version_date = document.title, document.language, version_date
        row.version, row.status, row.retired_at = row.version + 1, "current", None
        row.ingested_at = self._clock.now()
        session.add(row)
        changed = await _replace(session, row, rows, ids, document.pieces)
        await _record(session, row, document)
        return FileOutcome(document.name, "changed", row.language, len(ids), changed, document.notes)

    async def _add(self, session: AsyncSession, document: Document, path: Path) -> FileOutcome:
        row = DocumentRow(
            name=document.name,
            slug=await _free_slug(session, document.name),
            path=str(path),
            title=document.title,
            language=document.language,
            version=1,
            version_date=document.stated or self._today(),
            content_hash=document.content_hash,
            ingested_at=self._clock.now(),
        )
        session.add(row)
        await session.flush()
        await _replace(session, row, [], assign(row.slug, document.pieces), document.pieces)
        await _record(session, row, document)
        count = len(document.pieces)
        return FileOutcome(document.name, "added", row.language, count, count, document.notes)

    async def _rename(self, session: AsyncSession, row: DocumentRow, name: str, path: Path) -> FileOutcome:
        before, row.name, row.path = row.name, name, str(path)
        session.add(row)
        await raise_revision(session)
        count = len(await _current(session, row))
        return FileOutcome(
            name, "moved", row.language, count, notes=(f"was {before}; its clauses keep their ids",)
        )

    def _stands(self, path: str) -> bool:
        return path in self._reading or Path(path).exists()

    def _today(self) -> date:
        return self._clock.now().date()


async def raise_revision(session: AsyncSession, *, by: int = 1) -> int:
    """Raise the library's revision within the caller's transaction, and return it."""
    state = (await session.exec(select(LibraryState).where(LibraryState.id == 1).with_for_update())).first()
    state = state or LibraryState(id=1, revision=0)
    state.revision += by
    session.add(state)
    return state.revision


async def _by_name(session: AsyncSession, name: str) -> DocumentRow | None:
    return (await session.exec(select(DocumentRow).where(DocumentRow.name == name))).first()


async def _twin(session: AsyncSession, name: str, hashed: str) -> DocumentRow | None:
    wanted = select(DocumentRow).where(
        DocumentRow.content_hash == hashed, DocumentRow.name != name, DocumentRow.status == "current"
    )
    return (await session.exec(wanted)).first()


async def _current(session: AsyncSession, row: DocumentRow) -> Sequence[ClauseRow]:
    wanted = select(ClauseRow).where(ClauseRow.document_id == row.id, col(ClauseRow.is_current))
    return (await session.exec(wanted.order_by(col(ClauseRow.ordinal)))).all()


async def _retired_ids(session: AsyncSession, row: DocumentRow, current: set[str]) -> set[str]:
    """Ids that the document once used. They are never given to another clause."""
    wanted = select(ClauseRow.clause_id).where(ClauseRow.document_id == row.id).distinct()
    return set((await session.exec(wanted)).all()) - current


def _same(rows: Sequence[ClauseRow], ids: Sequence[str], document: Document) -> bool:
    before = [(row.clause_id, row.content_hash, row.anchor, row.path, row.language) for row in rows]
    after = [
        (
            clause_id,
            content_hash(piece.heading, piece.text),
            piece.anchor,
            list(piece.path),
            document.language,
        )
        for clause_id, piece in zip(ids, document.pieces, strict=True)
    ]
    return before == after


async def _replace(
    session: AsyncSession,
    row: DocumentRow,
    rows: Sequence[ClauseRow],
    ids: Sequence[str],
    pieces: Sequence[Piece],
) -> int:
    """Make `pieces` the current clauses; return how many are new, changed or gone."""
    before = {clause.clause_id: clause for clause in rows}
    new: list[dict[str, object]] = []
    for ordinal, (clause_id, piece) in enumerate(zip(ids, pieces, strict=True)):
        place = {
            "ordinal": ordinal,
            "anchor": piece.anchor,
            "path": list(piece.path),
            "language": row.language,
        }
        hashed = content_hash(piece.heading, piece.text)
        clause = before.pop(clause_id, None)
        if clause is not None and clause.content_hash == hashed:
            clause.sqlmodel_update(place)
            session.add(clause)
            continue
        if clause is not None:
            clause.is_current = False
            session.add(clause)
        wording = {"heading": piece.heading, "text": piece.text, "content_hash": hashed}
        stands = {"clause_id": clause_id, "document_id": row.id or 0, "version": row.version}
        new.append({**stands, **wording, **place, "is_current": True})
    if new:
        # all at once: a row at a time would be a trip to the database's thread for each clause
        await session.exec(insert(ClauseRow), params=new)
    changed = len(new)
    for clause in before.values():
        clause.is_current = False
        session.add(clause)
    return changed + len(before)


async def _record(session: AsyncSession, row: DocumentRow, document: Document) -> None:
    moment: datetime = row.ingested_at
    session.add(
        DocumentVersionRow(
            document_id=row.id or 0,
            version=row.version,
            version_date=row.version_date,
            title=row.title,
            language=row.language,
            content_hash=row.content_hash,
            notes=list(document.notes),
            ingested_at=moment,
        )
    )
    await raise_revision(session)


async def _free_slug(session: AsyncSession, name: str) -> str:
    taken = set((await session.exec(select(DocumentRow.slug))).all())
    base = slug(PurePath(name).stem) or "document"
    number, candidate = 1, base
    while candidate in taken:
        number += 1
        candidate = f"{base}-{number}"
    return candidate
