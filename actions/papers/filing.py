"""Papers in the store: each is written with the effect that it documents, and found again."""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import defer
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.papers.sheet import PaperKind, Party, Sheet, Sums
from actions.papers.tables import Paper
from actions.store.tables import Action, CreditNote, Invoice
from actions.store.unit import Unit


def correction_sheets(
    old: Invoice, note: CreditNote, new: Invoice, seller: Party, language: str
) -> tuple[Sheet, Sheet]:
    """Return what stands on the two papers; the credit note is negative and billed as the old invoice was."""
    credited = Sums(note.net_cents, note.vat_cents, note.total_cents, note.currency)
    return (
        Sheet(
            kind=PaperKind.CREDIT_NOTE,
            number=note.number,
            issued_on=note.issued_on,
            language=language,
            seller=seller,
            customer=_billed(old),
            original_number=old.number,
            original_day=old.issued_on,
            sums=credited.negated(),
        ),
        Sheet(
            kind=PaperKind.INVOICE,
            number=new.number,
            issued_on=new.issued_on,
            language=language,
            seller=seller,
            customer=_billed(new),
            original_number=old.number,
            original_day=old.issued_on,
            sums=Sums(new.net_cents, new.vat_cents, new.total_cents, new.currency),
            is_paid=new.status == "paid",
        ),
    )


def _billed(invoice: Invoice) -> Party:
    return Party(invoice.billed_company, invoice.billed_address, invoice.billed_vat_id)


async def file_papers(unit: Unit, action: Action, sheets: Sequence[Sheet]) -> None:
    """Print `sheets` and store them in the unit's transaction: no number stands without its paper."""
    from actions.papers.layout import render

    for sheet in sheets:
        content = await asyncio.to_thread(render, sheet)
        unit.session.add(
            Paper(
                action_id=action.id,
                kind=sheet.kind,
                number=sheet.number,
                language=sheet.language,
                sha256=hashlib.sha256(content).hexdigest(),
                content=content,
                made_at=unit.now,
            )
        )


async def papers_of(session: AsyncSession, action_id: str) -> Sequence[Paper]:
    """Return the papers of an action, the credit note first."""
    query = select(Paper).where(Paper.action_id == action_id).order_by(col(Paper.kind), col(Paper.number))
    return (await session.exec(query)).all()


async def paper_by_number(session: AsyncSession, number: str) -> Paper | None:
    """Return the paper with this number, as written or else in other case: a backend's may be lower-case."""
    written = number.strip()
    query = select(Paper).where(func.upper(col(Paper.number)) == written.upper())
    return (await session.exec(query.order_by(col(Paper.number) != written, col(Paper.kind)))).first()


def is_intact(paper: Paper) -> bool:
    """Whether the stored bytes are still those that were made."""
    return hashlib.sha256(paper.content).hexdigest() == paper.sha256


def file_name(paper: Paper) -> str:
    return f"{paper.kind.replace('_', '-')}-{paper.number}.pdf"


async def paper_index(session: AsyncSession, action_id: str | None = None) -> Sequence[Paper]:
    """Return every paper, or those of one action, oldest first. Their content is left in the database."""
    content: Any = Paper.content
    query = select(Paper).options(defer(content, raiseload=True))
    if action_id:
        query = query.where(Paper.action_id == action_id)
    return (await session.exec(query.order_by(col(Paper.made_at), col(Paper.number)))).all()
