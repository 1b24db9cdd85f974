"""What goes with an account: also what its people filed by address alone, before they belonged to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import col, select

from actions.audit import verify
from actions.model import ActionKind, Step
from actions.parting import is_needed, part_with
from actions.store.tables import Account, Action, Consent, GdprCase, Member
from actions.store.unit import unit_of_work
from bot.app import App, open_app
from bot.person_data import PersonData
from tests.fakes import MovingClock
from tests.make import Customer, settings

OWNER = "olivia.owner@example.com"
OTHER = "somebody.else@example.net"


@pytest.fixture
async def app(data_dir: Path, clock: MovingClock) -> AsyncIterator[App]:
    async with open_app(settings(data_dir, end_inactive_accounts=True), clock=clock) as opened:
        yield opened


async def filed(app: App, email: str, status: str = "done") -> str:
    """A case that somebody filed without being a member; return its id."""
    now = app.clock.now()
    async with unit_of_work(app.database, app.clock, app.seal) as unit:
        action = Action(
            kind=ActionKind.GDPR_REQUEST, step=Step.PROPOSED, email=email, conversation_id="mail",
            origin=f"origin-{email}", reference=f"CW-{email}", proposed_at=now, token=f"token-{email}",
            arguments={"right": "access", "company": "Quillfeather"}, reason="Quillfeather",
        )  # fmt: skip
        await unit.begin(action, unit.entry(action, Step.PROPOSED))
        for step in (Step.AWAITING_CONFIRMATION, Step.SCHEDULED, Step.EXECUTING):
            await unit.move(action, unit.entry(action, step))
        await unit.finish(action, (), unit.entry(action, Step.DONE))
        case = GdprCase(
            reference=action.reference, right="access", email=email, received_at=now, due_on=now.date(),
            status=status, action_id=action.id, note="Quillfeather",
        )  # fmt: skip
        unit.session.add(case)
        unit.session.add(Consent(email=email, purpose="newsletter", given_at=now))
        unit.session.add(Consent(email=email, purpose="marketing", withdrawn_at=now))
        return case.id


async def account_of(app: App, email: str) -> str:
    async with app.database.read() as session:
        return (await session.exec(select(Member.account_id).where(Member.email == email))).one()


async def test_what_was_filed_by_address_goes_too_and_nobody_elses(app: App) -> None:
    own, other = await filed(app, OWNER), await filed(app, OTHER)
    account_id = await account_of(app, OWNER)
    async with unit_of_work(app.database, app.clock, app.seal) as unit:
        await part_with(unit, await unit.session.get_one(Account, account_id), PersonData())
    async with app.database.read() as session:
        cases = {case.id: case for case in (await session.exec(select(GdprCase))).all()}
        actions = {action.id: action for action in (await session.exec(select(Action))).all()}
        consents = (await session.exec(select(Consent).where(col(Consent.email).in_([OWNER, OTHER])))).all()
    assert (cases[own].email, cases[own].note) == (f"{own}@deleted.invalid", None)
    gone = actions[cases[own].action_id]
    assert (gone.email, gone.reason, gone.arguments) == (None, None, {})
    kept = actions[cases[other].action_id]
    assert (cases[other].email, cases[other].note) == (OTHER, "Quillfeather")
    assert (kept.email, kept.reason) == (OTHER, "Quillfeather")
    assert sorted((row.email, row.purpose) for row in consents) == [
        (OWNER, "marketing"), (OTHER, "marketing"), (OTHER, "newsletter"),
    ]  # fmt: skip
    assert (await verify(app.database, app.seal)).ok


@pytest.mark.parametrize(
    ("email", "status", "needed"), [(OWNER, "open", True), (OWNER, "done", False), (OTHER, "open", False)]
)
async def test_an_open_case_filed_by_address_is_needed_still(
    app: App, email: str, status: str, needed: bool
) -> None:
    await filed(app, email, status)
    async with app.database.read() as session:
        account = await session.get_one(Account, await account_of(app, OWNER))
        assert await is_needed(session, account) is needed


async def test_ended_accounts_leave_nothing_in_the_file_which_is_scrubbed_once_a_run(
    app: App, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    scrubs: list[int] = []
    scrub = app.database.scrub

    async def counted() -> None:
        scrubs.append(1)
        await scrub()

    await Customer(app, email=OWNER).says("The tale of Quillfeather and Thistledown, told at length. " * 40)
    monkeypatch.setattr(app.worker._timekeeper._ending, "_scrub", counted)
    ended = []
    for _ in range(3):
        clock.move(weeks=5)
        await app.worker.tick()
        async with app.database.read() as session:
            gone = (await session.exec(select(Account).where(Account.status == "deleted"))).all()
        ended.append((len(gone), len(scrubs)))
    assert ended == [(1, 1), (5, 2), (5, 2)]
    file = app.settings.data_dir / "clausewise.sqlite"
    stored = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    assert b"Quillfeather" not in stored
