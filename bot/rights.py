"""Access, portability and erasure, carried out when staff close the case.

A package is made when its link is opened and is stored nowhere; of the link itself only a digest is kept.
"""

from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from actions import access, approving, casework
from actions.cases import Fulfil
from actions.erasing import Kept, forget_subject
from actions.exporting import CannotFulfil, subject_of
from actions.log import Entry
from actions.model import Rejected, Right
from actions.seal import Seal
from actions.store.tables import Action, GdprCase
from actions.store.unit import Unit, unit_of_work
from bot.database import Database
from bot.export_links import HANDED_OUT, is_live, links_of
from bot.exports import file_name, package, spoken
from bot.linking import digest_of
from bot.messages import Messages
from bot.person_data import PersonData
from bot.ports import Clock
from bot.rights_mail import ERASED, EXPORT
from bot.tables import ExportLinkRow


@dataclass(frozen=True, slots=True)
class Package:
    """A zip, and the name to save it under."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Offer:
    """What a link that still works leads to, in the language of its person."""

    language: str
    reference: str
    expires_at: datetime


class Rights:
    """Makes packages and forgets people."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        messages: Messages,
        *,
        seal: Seal | None,
        staff: Collection[str],
        public_url: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._messages = messages
        self._seal = seal
        self._staff = frozenset(map(approving.staff_id, staff))
        self._is_public = bool(public_url)

    @property
    def fulfil(self) -> Mapping[Right, Fulfil]:
        """What closing a case does. Without a public address, staff hand a package over themselves."""
        hand_out = dict.fromkeys(HANDED_OUT, _hand_out) if self._is_public else {}
        return {**hand_out, Right.ERASURE: _erase}

    async def export(self, named: str, staff_id: str) -> Package | Rejected:
        """Make the package of a case for a member of staff, which is itself an entry of the log."""
        staff = approving.staff_id(staff_id)
        if rule := approving.may_decide(staff, self._staff, ()):
            return Rejected(rule, named)
        async with self._unit() as unit:
            action = await approving.find(unit.session, named)
            case = await casework.case_of(unit.session, action) if action else None
            if action is None or case is None:
                return Rejected(casework.UNKNOWN, named)
            who = (action.member_id, action.email or case.email)
            await access.record(unit, staff, member_id=who[0], email=who[1], action_id=action.id)
            return await self._package(unit, action, case)

    async def offer(self, token: str) -> Offer | None:
        """Say what a link leads to without using it up; None where `redeem` would give None too."""
        async with self._database.read() as session:
            link = await session.get(ExportLinkRow, digest_of(token))
            if link is None or not is_live(link, self._clock.now()):
                return None
            case = await session.get_one(GdprCase, link.case_id)
            action = await session.get_one(Action, case.action_id)
            try:
                who = await subject_of(session, case)
            except CannotFulfil:
                return None
            return Offer(spoken(who, action.language), case.reference, link.expires_at)

    async def redeem(self, token: str) -> Package | None:
        """Return what a link leads to, once; None for one that is used, expired or unknown.

        It uses up the other links of its case too.
        """
        async with self._unit() as unit:
            link = await unit.session.get(ExportLinkRow, digest_of(token))
            links = await links_of(unit.session, link.case_id) if link else ()
            if link is None or link not in links or not is_live(link, unit.now):
                return None
            for one in links:
                one.used_at = one.used_at or unit.now
            case = await unit.session.get_one(GdprCase, link.case_id)
            action = await unit.session.get_one(Action, case.action_id)
            try:
                found = await self._package(unit, action, case)
            except CannotFulfil:
                return None
            subject = unit.subject(action.member_id, action.email or case.email)
            await unit.record(Entry(subject, "customer", access.KIND, action.id, rule="export-downloaded"))
            return found

    async def _package(self, unit: Unit, action: Action, case: GdprCase) -> Package:
        who = await subject_of(unit.session, case)
        language = spoken(who, action.language)
        content = await package(unit.session, who, self._messages, language, case.reference, unit.now)
        return Package(file_name(case.reference), content)

    def _unit(self) -> AbstractAsyncContextManager[Unit]:
        return unit_of_work(self._database, self._clock, self._seal)


async def _hand_out(unit: Unit, action: Action, case: GdprCase) -> None:
    await subject_of(unit.session, case)
    unit.cause(action, EXPORT, unit.entry(action, None))


async def _erase(unit: Unit, action: Action, case: GdprCase) -> None:
    """Log who is forgotten while their name in the log still holds, then forget."""
    who = await subject_of(unit.session, case)
    await unit.record(unit.entry(action, None, rule="erased"))
    language = spoken(who, action.language)
    kept = await forget_subject(unit, who, PersonData(), closing=case)
    facts = {"to": who.email, "language": language, **_figures(kept)}
    unit.cause(action, ERASED, unit.entry(action, None), facts)


def _figures(kept: Kept) -> dict[str, str]:
    figures = {"company": "yes"} if kept.company else {}
    if kept.until:
        figures |= {
            "invoices": str(kept.invoices),
            "papers": str(kept.papers),
            "until": kept.until.isoformat(),
        }
    return figures
