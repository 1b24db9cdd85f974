"""The library: which documents and clauses are current, and how it got there. SQL is its only memory."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from knowledge.documents import content_hash, read_document
from knowledge.errors import LoadError
from knowledge.loading import Found, discover, load
from knowledge.loading import document_name as name_of
from knowledge.model import Clause, FileOutcome, IngestReport
from knowledge.ports import Clock, LanguageDetector, Sessions
from knowledge.shelving import Shelving, Storing, raise_revision
from knowledge.tables import ClauseRow, DocumentRow, DocumentVersionRow, LibraryState

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """`status` is "current" or "retired"; `version_date`: as stated, else the day of ingestion."""

    name: str
    title: str
    language: str
    version: int
    version_date: date
    clauses: int
    status: str
    ingested_at: datetime


# Read for every question: building them anew costs more than running them.
_REVISION = select(LibraryState.revision).where(LibraryState.id == 1)
_ANY = select(DocumentRow.id).where(DocumentRow.status == "current").limit(1)
_CURRENT = (
    select(ClauseRow, DocumentRow)
    .join(DocumentRow, col(DocumentRow.id) == ClauseRow.document_id)
    .where(col(ClauseRow.is_current), DocumentRow.status == "current")
    .order_by(col(ClauseRow.document_id), col(ClauseRow.ordinal))
)


class Library:
    """Documents in versions. Every file is taken in by one transaction, or not at all."""

    def __init__(self, sessions: Sessions, detector: LanguageDetector, clock: Clock) -> None:
        self._sessions = sessions
        self._detector = detector
        self._clock = clock

    async def ingest(
        self,
        paths: Sequence[Path],
        *,
        retire_missing: bool | None = None,
        progress: Callable[[str], None] | None = None,
        storing: Storing | None = None,
    ) -> IngestReport:
        """Take in files and folders. What is wrong with one file is told in the report; the rest goes on.

        A document whose file is gone from a folder named here is reported as missing, and retired only if
        `retire_missing` is true. `progress` gets the name of each file before it is read; `storing` that of
        a long document, again and again, with how many of its clauses are stored and how many there are.
        """
        found = await asyncio.to_thread(discover, paths)
        outcomes = [
            FileOutcome(refused.name, "refused", notes=(refused.reason,)) for refused in found.refused
        ]
        shelving = Shelving(self._clock, frozenset(str(file.path) for file in found.files), storing)
        for file in found.files:
            if progress is not None:
                progress(name_of(file.path))
            outcomes.append(await self._take_in(file, shelving))
        missing = await self._missing([*found.folders, *found.absent])
        if retire_missing:
            await self.retire(missing)
        outcomes += [FileOutcome(name, "retired" if retire_missing else "missing") for name in missing]
        return IngestReport(tuple(outcomes), await self.revision(), missing)

    async def retire(self, names: Iterable[str]) -> int:
        """Take documents out of use, keeping their versions. Return the revision."""
        async with self._sessions.write() as session:
            wanted = select(DocumentRow).where(
                col(DocumentRow.name).in_(list(names)), DocumentRow.status == "current"
            )
            rows = (await session.exec(wanted)).all()
            for row in rows:
                row.status, row.retired_at = "retired", self._clock.now()
                session.add(row)
            return await raise_revision(session, by=1 if rows else 0)

    async def clauses(self) -> list[Clause]:
        """Return every current clause, document after document, each in its own order."""
        return await self._clauses()

    async def by_ids(self, ids: Iterable[str]) -> list[Clause]:
        """Return the current clauses with these ids, in the order of the ids; unknown ids are left out."""
        wanted = list(ids)
        found: dict[str, Clause] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            some = await self._clauses(col(ClauseRow.clause_id).in_(wanted[start : start + _AT_ONCE]))
            found.update((clause.clause_id, clause) for clause in some)
        return [found[clause_id] for clause_id in wanted if clause_id in found]

    async def by_anchor(self, anchor: str, language: str) -> Clause | None:
        """Return the current clause with this anchor in `language`, else in English, else in any language."""
        found = await self._clauses(ClauseRow.anchor == anchor)
        order = {language: 0, "en": 1}
        return min(found, key=lambda clause: order.get(clause.language, 2), default=None)

    async def anchored(self, anchors: Iterable[str]) -> list[Clause]:
        """Return every current clause with one of these anchors, the later parts of a long one too."""
        wanted = list(anchors)
        parts = [col(ClauseRow.anchor).startswith(f"{anchor}.", autoescape=True) for anchor in wanted]
        return await self._clauses(or_(col(ClauseRow.anchor).in_(wanted), *parts))

    async def clause_version(self, clause_id: str, version: int) -> Clause | None:
        """Return one wording of a clause, current or not, dated as its document was when it came in."""
        async with self._sessions.read() as session:
            wanted = (
                select(ClauseRow, DocumentRow, DocumentVersionRow)
                .join(DocumentRow, col(DocumentRow.id) == ClauseRow.document_id)
                .join(
                    DocumentVersionRow,
                    (col(DocumentVersionRow.document_id) == ClauseRow.document_id)
                    & (col(DocumentVersionRow.version) == ClauseRow.version),
                )
                .where(ClauseRow.clause_id == clause_id, ClauseRow.version == version)
            )
            row = (await session.exec(wanted)).first()
        return _clause(row[0], row[1], row[2].version_date) if row else None

    async def documents(self) -> list[DocumentSummary]:
        """Return all documents, retired ones too, in the order in which they first came."""
        async with self._sessions.read() as session:
            counted = (
                select(ClauseRow.document_id, func.count())
                .where(col(ClauseRow.is_current))
                .group_by(col(ClauseRow.document_id))
            )
            counts = dict((await session.exec(counted)).all())
            rows = (await session.exec(select(DocumentRow).order_by(col(DocumentRow.id)))).all()
        return [
            DocumentSummary(
                name=row.name,
                title=row.title,
                language=row.language,
                version=row.version,
                version_date=row.version_date,
                clauses=counts.get(row.id or 0, 0),
                status=row.status,
                ingested_at=row.ingested_at,
            )
            for row in rows
        ]

    async def revision(self) -> int:
        """Return a number that rises with every change; 0 when nothing was ever taken in."""
        async with self._sessions.read() as session:
            return (await session.exec(_REVISION)).first() or 0

    async def is_empty(self) -> bool:
        async with self._sessions.read() as session:
            return (await session.exec(_ANY)).first() is None

    async def _take_in(self, file: Found, shelving: Shelving) -> FileOutcome:
        name = name_of(file.path)
        try:
            source = await asyncio.to_thread(load, file.path)
            hashed = await asyncio.to_thread(content_hash, source)
            async with self._sessions.write() as session:
                settled = await shelving.settle(session, name, file.path, hashed)
            if settled is not None:
                return settled
            document = await asyncio.to_thread(read_document, source, self._detector)
            del source  # a long text need not lie in memory while its clauses are stored
            async with self._sessions.write() as session:
                return await shelving.shelve(session, document, file.path)
        except LoadError as error:
            return FileOutcome(name, "refused", notes=(str(error), *await self._earlier(name)))
        except IntegrityError:
            return FileOutcome(
                name, "refused", notes=("Another ingestion was at this file too. Run it again.",)
            )

    async def _earlier(self, name: str) -> tuple[str, ...]:
        async with self._sessions.read() as session:
            wanted = select(DocumentRow.id).where(DocumentRow.name == name, DocumentRow.status == "current")
            known = (await session.exec(wanted)).first()
        return ("its earlier version stays in the library",) if known else ()

    async def _missing(self, places: Sequence[Path]) -> tuple[str, ...]:
        async with self._sessions.read() as session:
            wanted = select(DocumentRow).where(DocumentRow.status == "current").order_by(col(DocumentRow.id))
            rows = (await session.exec(wanted)).all()
        return await asyncio.to_thread(_gone, rows, places)

    async def _clauses(self, *conditions: object) -> list[Clause]:
        async with self._sessions.read() as session:
            return await _current_clauses(session, *conditions)


def _gone(rows: Sequence[DocumentRow], places: Sequence[Path]) -> tuple[str, ...]:
    """Names of the documents that were read from under one of `places` and whose file is there no more."""
    return tuple(
        row.name
        for row in rows
        if any(Path(row.path).is_relative_to(place) for place in places) and not Path(row.path).exists()
    )


async def _current_clauses(session: AsyncSession, *conditions: object) -> list[Clause]:
    wanted = _CURRENT.where(*conditions)  # type: ignore[arg-type]
    return [
        _clause(clause, document, document.version_date)
        for clause, document in (await session.exec(wanted)).all()
    ]


def _clause(row: ClauseRow, document: DocumentRow, version_date: date) -> Clause:
    return Clause(
        clause_id=row.clause_id,
        document=document.name,
        title=document.title,
        version=row.version,
        version_date=version_date,
        anchor=row.anchor,
        heading=row.heading,
        path=tuple(row.path),
        ordinal=row.ordinal,
        language=row.language,
        text=row.text,
        content_hash=row.content_hash,
    )
