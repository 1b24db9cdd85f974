"""Putting one document into the library's tables: what is new, what changed, what only moved."""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from pathlib import Path, PurePath

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from knowledge.documents import Document
from knowledge.errors import LoadError
from knowledge.identity import assign, slug
from knowledge.model import FileOutcome
from knowledge.ports import Clock
from knowledge.standing import count as standing_count
from knowledge.standing import replace, retired_ids, same, standing
from knowledge.tables import DocumentRow, DocumentVersionRow, LibraryState

Storing = Callable[[str, int, int], None]


class Shelving:
    """One ingestion's work on the tables. `reading` holds the paths of all its files.

    `storing` is told, of a long document, how many clauses are stored and how many there are.
    """

    def __init__(
        self, clock: Clock, reading: frozenset[str] = frozenset(), storing: Storing | None = None
    ) -> None:
        self._clock = clock
        self._reading = reading
        self._storing = storing or (lambda _name, _done, _all: None)

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
        count = await standing_count(session, known)
        return FileOutcome(name, "moved" if moved else "unchanged", known.language, count)

    async def shelve(self, session: AsyncSession, document: Document, path: Path) -> FileOutcome:
        """Store a document that `settle` left open: as a new one, or as the next version of its own."""
        row = await _by_name(session, document.name)
        if row is None:
            return await self._add(session, document, path)
        back = row.status != "current"
        rows = await standing(session, row)
        known = [clause.known for clause in rows]
        gone = await retired_ids(session, row, {old.clause_id for old in known})
        ids = assign(row.slug, document.pieces, known, gone)
        as_before = same(rows, ids, document.pieces, document.language)
        version_date = document.stated or (row.version_date if as_before else self._today())
        unchanged = (
            as_before
            and (row.title, row.language, row.version_date)
            == (document.title, document.language, version_date)
            and not back
        )
        row.path, row.content_hash = str(path), document.content_hash
        if unchanged:
            session.add(row)
            notes = ("the file differs from before, but no clause does", *document.notes)
            return FileOutcome(document.name, "unchanged", row.language, len(rows), notes=notes)
        row.title, row.language, row.version_date = document.title, document.language, version_date
        row.version, row.status, row.retired_at = row.version + 1, "current", None
        row.ingested_at = self._clock.now()
        session.add(row)
        storing = partial(self._storing, document.name)
        changed = await replace(session, row, rows, ids, document.pieces, storing)
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
        ids, storing = assign(row.slug, document.pieces), partial(self._storing, document.name)
        await replace(session, row, [], ids, document.pieces, storing)
        await _record(session, row, document)
        count = len(document.pieces)
        return FileOutcome(document.name, "added", row.language, count, count, document.notes)

    async def _rename(self, session: AsyncSession, row: DocumentRow, name: str, path: Path) -> FileOutcome:
        before, row.name, row.path = row.name, name, str(path)
        session.add(row)
        await raise_revision(session)
        count = await standing_count(session, row)
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
