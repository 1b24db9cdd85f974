"""The composition root: the only place that builds things."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from actions.approving import LOCAL
from actions.bindings import Bindings
from actions.calendar import Calendar
from actions.cases import Cases
from actions.checkpoints import Checkpoints, SigningKey
from actions.ending import Ending
from actions.policies import Policies
from actions.policies import load as load_policies
from actions.seal import Seal
from actions.service import ActionService
from actions.store.accounts import Accounts
from bot.attachments import evidence_dir, remove_forgotten
from bot.canned import load_canned
from bot.channels.answering import Answering
from bot.clock import SystemClock
from bot.codes import Codes
from bot.concealing import Concealing
from bot.config import Settings
from bot.database import Database
from bot.export_links import ExportLinks
from bot.flows.acting import Acting
from bot.flows.flows import Flows
from bot.flows.people import People
from bot.flows.proving import Proving
from bot.flows.questions import Questions
from bot.handoff import Handoff
from bot.health import Health, database_answers, index_answers
from bot.history import History
from bot.hours import business_hours
from bot.identity import Identity
from bot.jobs import Worker
from bot.language import ProductLanguages
from bot.languages import Speaking
from bot.leases import Leases
from bot.linking import Links
from bot.messages import Messages
from bot.metrics import MeteredAnswerer, Metrics
from bot.migrations import migrate
from bot.observe import configure_logging
from bot.outside import file_mailer, http_backend, seller, smtp_mailer, webhooks
from bot.person_data import PersonData
from bot.ports import Clock
from bot.rights import Rights
from bot.rights_mail import RightsMail
from bot.routing.combining import CombinedRouter
from bot.shelf import Shelf
from bot.site_tokens import SiteTokens, trust_of
from bot.timekeeping import Heard, Timekeeper
from bot.transcript import Transcript
from bot.turn import Turn
from bot.waiting import WaitingRoom


@dataclass(frozen=True, slots=True)
class App:
    """Everything that is running. Build it with `open_app`."""

    settings: Settings
    database: Database
    clock: Clock
    policies: Policies
    bindings: Bindings
    messages: Messages
    languages: ProductLanguages
    shelf: Shelf
    accounts: Accounts
    actions: ActionService
    cases: Cases
    rights: Rights
    rights_mail: RightsMail
    seal: Seal
    identity: Identity
    codes: Codes
    links: Links
    site_tokens: SiteTokens
    transcript: Transcript
    handoff: Handoff
    turn: Turn
    answering: Answering
    worker: Worker
    history: History
    health: Health
    metrics: Metrics

    @property
    def desk(self) -> "App":
        """What the desk in Telegram works with."""
        return self


@asynccontextmanager
async def open_app(
    settings: Settings, *, clock: Clock | None = None, serving: bool = False
) -> AsyncIterator[App]:
    """Build the application on the settings' database. `serving`: what is due happens, and the index is
    loaded ahead of the first question, until the block ends."""
    configure_logging(settings.log_level)
    clock = clock or SystemClock()
    database = Database(settings.database_address)
    app: App | None = None
    background: list[asyncio.Task[None]] = []
    try:
        await migrate(database)
        app = build(settings, database, clock)
        if serving:
            background = [asyncio.create_task(_warm(app))]
            due = {"due work": app.worker.run(), "exports": app.rights_mail.run()}
            for part, work in {**due, "answering": app.answering.run()}.items():
                background.append(asyncio.create_task(work))
                app.health.watch(part, background[-1])
        yield app
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        if app is not None:
            await app.answering.close()
            await remove_forgotten(database, evidence_dir(settings))
            await app.shelf.close()
        await database.close()


async def _warm(app: App) -> None:
    """Load what the first messages would wait for."""
    loading = (asyncio.to_thread(app.languages.warm), app.shelf.warm())
    await asyncio.gather(*loading, return_exceptions=True)
    # 300,000 objects stay: each time the collector walks them, every turn stops for a quarter of a second.
    gc.freeze()


def build(settings: Settings, database: Database, clock: Clock) -> App:
    policies = load_policies(settings.policies_file)
    messages, metrics = Messages(), Metrics()
    languages = ProductLanguages()
    shelf = Shelf(settings, database, clock)
    accounts = Accounts(database)
    checkpoints = Checkpoints(settings.log_checkpoints, SigningKey(settings.log_signing_key))
    seal = Seal(settings.data_dir, checkpoints)
    zone = settings.company_time_zone
    calendar = Calendar(zone, settings.company_country)
    bindings = Bindings(database, clock, policies, shelf, seal=seal, staff=settings.staff or (LOCAL,))
    actions = ActionService(
        database,
        clock,
        shelf,
        policies=policies,
        calendar=calendar,
        seal=seal,
        review=bindings,
        seller=seller(settings),
        backend=http_backend(settings, clock),
        staff=settings.staff or (LOCAL,),
    )
    staff = settings.staff or (LOCAL,)
    rights = Rights(database, clock, messages, seal=seal, staff=staff, public_url=settings.public_url)
    cases = Cases(database, clock, policies, calendar, seal=seal, staff=staff, fulfil=rights.fulfil)
    ending = Ending(
        database,
        clock,
        shelf,
        policies,
        Heard(database),
        seal=seal,
        review=bindings,
        inactive=settings.end_inactive_accounts,
        words=PersonData(),
        scrub=database.scrub,
    )
    timekeeper = Timekeeper(database, clock, ending, seal, WaitingRoom(database, messages, clock, settings))
    identity = Identity(accounts, clock)
    codes = Codes(database, clock)
    links = Links(database, accounts, clock, settings.telegram_bot_name)
    transcript, history = Transcript(database, clock), History(database)
    mailer = smtp_mailer(settings, clock) or file_mailer(settings, clock)
    proving = Proving(identity, codes, links, mailer)
    questions = Questions(MeteredAnswerer(shelf, metrics), shelf, policies.disagreements)
    acting = Acting(actions, identity, proving, shelf, zone)
    people = People(database, business_hours(settings))
    router = CombinedRouter()
    flows = Flows.of(database, router, questions, acting, proving, people)
    speaking = Speaking(languages, settings.default_language)
    turn = Turn(
        transcript,
        Concealing(database, clock),
        router,
        speaking,
        messages,
        flows,
        clock,
        settings.company_name,
        metrics,
    )
    return App(
        settings=settings,
        database=database,
        clock=clock,
        policies=policies,
        bindings=bindings,
        messages=messages,
        languages=languages,
        shelf=shelf,
        accounts=accounts,
        actions=actions,
        cases=cases,
        rights=rights,
        rights_mail=RightsMail(
            database,
            clock,
            messages,
            mailer,
            transcript,
            zone=zone,
            links=ExportLinks(database, clock, settings.public_url),
            outbox_dir=settings.outbox_dir,
        ),
        seal=seal,
        identity=identity,
        codes=codes,
        links=links,
        site_tokens=SiteTokens(trust_of(settings), accounts, clock),
        transcript=transcript,
        handoff=Handoff(database, transcript, messages, clock, staff, load_canned(settings.canned_file)),
        turn=turn,
        answering=Answering(turn, transcript, Leases(database), news=history.wake),
        worker=Worker(
            actions,
            database,
            transcript,
            messages,
            mailer,
            clock,
            zone,
            cases,
            timekeeper,
            webhooks(settings, database, clock),
        ),
        history=history,
        health=Health({"database": database_answers(database), "index": index_answers(shelf)}),
        metrics=metrics,
    )
