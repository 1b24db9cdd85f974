"""Access, portability and erasure from the closed case to the last byte of the database's file."""

import asyncio
import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import select

from actions.audit import verify
from actions.casework import Case
from actions.erasing import forget
from actions.exporting import CannotFulfil, subject_of
from actions.log import entries, subjects_of
from actions.model import ActionKind, Rejected, Right, Step
from actions.store.tables import Account, Action, GdprCase, Invoice, Member, Outbox
from actions.store.unit import unit_of_work
from actions.subjects import SubjectKey
from bot.app import App, open_app
from bot.exports import package
from bot.tables import ExportLinkRow, MessageRow
from tests.fakes import MovingClock
from tests.make import Customer, mails, settings, words
from tests.planting import Planting, email_of, start_of
from tests.serving import served

CUSTOMERS = 50
SITE = "https://support.example.com"
KEPT_TABLES = {b"invoice", b"credit_note", b"paper", b"log"}
KEPT_COLUMNS = {
    b"action.plan_hash", b"action.clause_ids", b"approval.staff", b"outbox.topic", b"message.direction",
    b"message.status", b"message.author", b"subscription.plan", b"subscription.cycle", b"credit.refund_state",
}  # fmt: skip
"""What is no text of or about a person: kinds and states, clause ids, hashes, and the ids of staff."""


@pytest.fixture
async def app(tmp_path: Path, clock: MovingClock) -> AsyncIterator[App]:
    """An empty store, with an address that links may lead to."""
    async with open_app(settings(tmp_path / "data", public_url=SITE, port=0), clock=clock) as opened:
        yield opened


async def planted(app: App, number: int, right: Right = Right.ACCESS) -> Planting:
    planting = Planting(app, number, right)
    await planting.plant()
    return planting


async def unpacked(app: App, planting: Planting) -> dict[str, str]:
    """The files of the package, by name."""
    found = await app.rights.export(planting.reference, "local")
    assert not isinstance(found, Rejected), found
    with zipfile.ZipFile(io.BytesIO(found.content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


async def test_a_package_holds_all_of_ones_own_and_nothing_of_the_other_49(app: App) -> None:
    plantings = [await planted(app, number) for number in range(CUSTOMERS)]
    for planting in plantings:
        files = await unpacked(app, planting)
        assert set(files) == {"data.json", "data.html"}
        for name, text in files.items():
            assert not {marker for marker in planting.markers if marker not in text}, name
            assert set(re.findall(r"canary\d\dx", text)) == {start_of(planting.number)}, name
    assert len(plantings[0].markers) >= 49


async def test_the_same_data_make_the_same_bytes_and_the_page_speaks_their_language(app: App) -> None:
    planting = await planted(app, 1)
    await app.rights.export(planting.reference, "local")
    async with unit_of_work(app.database, app.clock, app.seal) as unit:
        case = (await unit.session.exec(select(GdprCase))).one()
        who = await subject_of(unit.session, case)
        made = [
            await package(unit.session, who, app.messages, "sl", case.reference, unit.now) for _ in range(2)
        ]
    assert made[0] == made[1]
    page = (await unpacked(app, planting))["data.html"]
    assert '<html lang="sl">' in page
    assert "Vaši podatki" in page


async def test_names_and_addresses_of_others_in_a_conversation_stay_there(app: App) -> None:
    planting = await planted(app, 1)
    async with app.database.write() as session:
        message = (await session.exec(select(MessageRow))).one()
        member = (await session.exec(select(Member))).one()
        session.add(
            Member(
                account_id=member.account_id,
                email="bo@example.com",
                name="Bo Beside",
                role="agent",
                language="en",
            )
        )
        message.author = "staff:Maria"
        message.text = f"Maria here. Bo Beside (bo@example.com) and x@example.net; you are {member.email}"
    data = json.loads((await unpacked(app, planting))["data.json"])["data"]
    (told,) = data["messages"]
    assert told["text"] == f"[…] here. […] ([…]) and […]; you are {email_of(1)}"
    assert told["author"] == "staff"


async def test_only_staff_export_and_the_log_says_who_looked(app: App) -> None:
    planting = await planted(app, 1)
    assert await app.rights.export(planting.reference, "mallory") == Rejected("not-staff", planting.reference)
    assert await app.rights.export("CW-NONE", "local") == Rejected("unknown-case", "CW-NONE")
    await unpacked(app, planting)
    (entry,) = await entries(app.database, kind="access")
    own = (await subjects_of(app.database, email_of(1)))[-1]
    assert (entry.rule, entry.subject) == ("opened-by-staff", own)


def link_in(app: App) -> str:
    found = re.search(rf"{SITE}(\S+)", words(mails(app)[-1]))
    assert found
    return found[1]


async def test_a_link_works_once_for_a_day_and_every_other_one_is_gone(app: App, clock: MovingClock) -> None:
    planting, late = await planted(app, 1), await planted(app, 2, Right.PORTABILITY)
    for one in (planting, late):
        assert isinstance(await app.cases.done(one.reference, "local"), Case)
    await app.rights_mail.deliver()
    first, second = (re.search(rf"{SITE}(\S+)", words(mail)) for mail in mails(app))
    assert first
    assert second
    assert {mail["To"] for mail in mails(app)} == {email_of(1), email_of(2)}
    stored = (app.settings.data_dir / "clausewise.sqlite").read_bytes()
    stored += (app.settings.data_dir / "clausewise.sqlite-wal").read_bytes()
    assert first[1].rpartition("/")[2].encode() not in stored
    async with served(app) as client:
        given = await client.post(first[1])
        assert (given.status_code, given.headers["content-type"]) == (200, "application/zip")
        with zipfile.ZipFile(io.BytesIO(given.content)) as archive:
            assert mails(app)[0]["To"] in archive.read("data.json").decode()
        clock.move(hours=24)
        paths = (first[1], second[1], "/api/v1/exports/never")
        gone = [await send(path) for path in paths for send in (client.get, client.post)]
    said = [{**answer.json(), "instance": None} for answer in gone]
    assert said == [said[0]] * 6
    assert {answer.status_code for answer in gone} == {410}
    assert gone[0].headers["content-type"] == "application/problem+json"
    downloads = [entry for entry in await entries(app.database, kind="access") if entry.actor == "customer"]
    assert [entry.rule for entry in downloads] == ["export-downloaded"]


async def test_of_many_who_open_a_link_at_once_one_gets_the_package(app: App) -> None:
    planting = await planted(app, 1)
    await app.cases.done(planting.reference, "local")
    await app.rights_mail.deliver()
    token = link_in(app).rpartition("/")[2]
    got = await asyncio.gather(*(app.rights.redeem(token) for _ in range(20)))
    assert len([found for found in got if found]) == 1


async def test_a_changed_address_voids_the_link(app: App) -> None:
    planting = await planted(app, 1)
    await app.cases.done(planting.reference, "local")
    await app.rights_mail.deliver()
    async with app.database.write() as session:
        (await session.exec(select(Member))).one().email = "new@example.com"
    assert await app.rights.redeem(link_in(app).rpartition("/")[2]) is None
    async with app.database.read() as session:
        assert (await session.exec(select(ExportLinkRow))).one().used_at is not None


async def test_after_an_erasure_no_marker_is_left_but_on_what_the_law_keeps(app: App) -> None:
    planting, beside = await planted(app, 7, Right.ERASURE), await planted(app, 8)
    before = await subjects_of(app.database, email_of(7))
    done = await app.cases.done(planting.reference, "local")
    assert isinstance(done, Case), done
    await app.rights_mail.deliver()
    mail = mails(app)[-1]
    assert mail["To"] == email_of(7)
    assert "31. 12. 2036" in words(mail)
    files = [app.settings.data_dir / f"clausewise.sqlite{end}" for end in ("", "-wal")]
    stored = b"".join(file.read_bytes() for file in files if file.exists())
    places = set(re.findall(rb"canary07x(\w+\.\w+)", stored))
    assert {place for place in places if place.partition(b".")[0] not in KEPT_TABLES} <= KEPT_COLUMNS
    assert b"invoice.billed_company" in places
    assert b"canary08xmessage.text" in stored
    report = await verify(app.database, app.seal)
    assert report.ok, report
    async with app.database.read() as session:
        invoices = {row.account_id: row for row in (await session.exec(select(Invoice))).all()}
        left = {row.id for row in (await session.exec(select(Account).where(Account.company == ""))).all()}
        assert {key for key, row in invoices.items() if row.restricted_until} == left
        assert len((await session.exec(select(SubjectKey))).all()) == 1
    assert not set(await subjects_of(app.database, email_of(7))) & set(before[2:])
    assert set(re.findall(r"canary\d\dx", (await unpacked(app, beside))["data.json"])) == {"canary08x"}


async def test_a_second_erasure_does_nothing(app: App) -> None:
    planting = await planted(app, 7, Right.ERASURE)
    async with app.database.read() as session:
        member_id = (await session.exec(select(Member.id))).one()
    await app.cases.done(planting.reference, "local")
    before = (await verify(app.database, app.seal)).entries
    again = await app.cases.done(planting.reference, "local")
    assert isinstance(again, Rejected)
    assert again.rule == "case-not-open"
    async with unit_of_work(app.database, app.clock, app.seal) as unit:
        assert await forget(unit, member_id) is None
    assert (await verify(app.database, app.seal)).entries == before


@pytest.mark.parametrize("what", ["only owner of an account that is not closed", "other requests under way"])
async def test_an_erasure_waits_for_what_is_not_settled(app: App, what: str) -> None:
    planting = await planted(app, 7, Right.ERASURE)
    if "owner" in what:
        async with app.database.write() as session:
            (await session.exec(select(Account))).one().status = "active"
    else:
        async with app.database.write() as session:
            case = (await session.exec(select(GdprCase))).one()
            second = Action(
                kind=ActionKind.GDPR_REQUEST, step=Step.AWAITING_APPROVAL, email=case.email,
                member_id=case.member_id, conversation_id="c", origin="o", reference="CW-SECOND",
                proposed_at=app.clock.now(),
            )  # fmt: skip
            session.add(second)
    with pytest.raises(CannotFulfil, match=what):
        await app.cases.done(planting.reference, "local")
    async with app.database.read() as session:
        assert (await session.exec(select(GdprCase))).one().status == "open"
        assert not (await session.exec(select(Outbox).where(Outbox.topic == "rights.erased"))).all()


async def test_what_was_written_under_the_word_of_the_site_is_theirs(app: App) -> None:
    """Such a conversation carries no address; its messages do."""
    planting = await planted(app, 1)
    for chat, email in (("own", email_of(1)), ("of another", "other@example.org")):
        await Customer(app, email=email, chat=chat).says(f"the story of Quillfeather in {chat}")
    files = await unpacked(app, planting)
    assert "Quillfeather in own" in files["data.json"]
    assert "Quillfeather in of another" not in files["data.json"]
    erased = await planted(app, 2, Right.ERASURE)
    await Customer(app, email=email_of(2), chat="second").says("the tale of Thistledown")
    assert isinstance(await app.cases.done(erased.reference, "local"), Case)
    async with app.database.read() as session:
        left = repr((await session.exec(select(MessageRow.text, MessageRow.body))).all())
    assert "Thistledown" not in left
    assert email_of(2) not in left
    assert "Quillfeather in own" in left


async def test_a_forgotten_person_has_no_package_and_gets_nobody_elses(app: App) -> None:
    gone = [await planted(app, number, Right.ERASURE) for number in (1, 2)]
    for planting in gone:
        assert isinstance(await app.cases.done(planting.reference, "local"), Case)
    with pytest.raises(CannotFulfil, match="was forgotten"):
        await app.rights.export(gone[0].reference, "local")


async def test_an_erasure_leaves_what_is_still_to_be_delivered_to_systems(app: App) -> None:
    planting = await planted(app, 1, Right.ERASURE)
    async with app.database.write() as session:
        action = (await session.exec(select(Action).where(Action.reference == planting.reference))).first()
        action = action or (await session.exec(select(Action))).first()
        assert action is not None
        now = app.clock.now()
        event = Outbox(
            action_id=action.id, topic="webhook.DONE", payload={"body": "{}"}, created_at=now, not_before=now
        )
        session.add(event)
    assert isinstance(await app.cases.done(planting.reference, "local"), Case)
    async with app.database.read() as session:
        assert (await session.get_one(Outbox, event.id)).payload == {"body": "{}"}
