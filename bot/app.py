"""The composition root: the only place that builds things."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from actions.approving import LOCAL
from actions.backend import Backend
from actions.bindings import Bindings
from actions.calendar import Calendar
from actions.cases import Cases
from actions.checkpoints import Checkpoints, SigningKey
from actions.ending import Ending
from actions.papers.sheet import Party
from actions.policies import Policies
from actions.policies import load as load_policies
from actions.seal import Seal
from actions.service import ActionService
from actions.store.accounts import Accounts
from bot.clock import SystemClock
from bot.codes import Codes
from bot.concealing import Concealing
from bot.config import Settings
from bot.database import Database
from bot.flows.acting import Acting
from bot.flows.people import People
from bot.flows.presses import Presses
from bot.flows.proving import Proving
from bot.flows.questions import Questions
from bot.handoff import Handoff
from bot.hooks import Hooks
from bot.http_backend import HttpBackend
from bot.identity import Identity
from bot.jobs import Worker
from bot.language import ProductLanguages
from bot.languages import Speaking
from bot.linking import Links
from bot.mail import LOCAL_SENDER, FileMailer
from bot.mail_settings import SmtpServer, mailbox
from bot.messages import Messages
from bot.migrations import migrate
from bot.observe import configure_logging
from bot.person_data import PersonData
from bot.ports import Clock, Mailer
from bot.posting import HttpPoster
from bot.rights import Rights
from bot.rights_mail import RightsMail
from bot.routing.combining import CombinedRouter
from bot.shelf import Shelf
from bot.site_tokens import SiteTokens, trust_of
from bot.smtp import SmtpMailer
from bot.timekeeping import Heard, Timekeeper
from bot.transcript import Transcript
from bot.turn import Flows, Turn


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
    worker: Worker


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
            loading = asyncio.to_thread(app.languages.warm)
            due = (app.worker.run(), app.rights_mail.run())
            background = [asyncio.create_task(work) for work in (loading, app.shelf.warm(), *due)]
        yield app
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        if app is not None:
            await app.shelf.close()
        await database.close()


def _seller(settings: Settings) -> Party:
    return Party(settings.company_name, settings.company_address, settings.company_vat_id or None)


def build(settings: Settings, database: Database, clock: Clock) -> App:
    policies = load_policies(settings.policies_file)
    messages = Messages()
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
        seller=_seller(settings),
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
    )
    timekeeper = Timekeeper(database, clock, ending, seal)
    identity = Identity(accounts, clock)
    codes = Codes(database, clock)
    links = Links(database, accounts, clock, settings.telegram_bot_name)
    transcript = Transcript(database, clock)
    mailer = smtp_mailer(settings, clock) or file_mailer(settings, clock)
    proving = Proving(identity, codes, links, mailer)
    questions = Questions(shelf, shelf, policies.disagreements)
    acting = Acting(actions, identity, proving, shelf, zone)
    people = People()
    flows = Flows(questions, acting, proving, people, Presses(database, questions, acting, proving, people))
    speaking = Speaking(languages, settings.default_language)
    concealing = Concealing(database, clock)
    turn = Turn(
        transcript, concealing, CombinedRouter(), speaking, messages, flows, clock, settings.company_name
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
            public_url=settings.public_url,
            outbox_dir=settings.outbox_dir,
        ),
        seal=seal,
        identity=identity,
        codes=codes,
        links=links,
        site_tokens=SiteTokens(trust_of(settings), accounts, clock),
        transcript=transcript,
        handoff=Handoff(database, transcript, messages, clock),
        turn=turn,
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
    )


def http_backend(settings: Settings, clock: Clock) -> Backend | None:
    """Build the backend of BACKEND_URL; None where that is not set, and the store is it."""
    if not settings.backend_url or settings.backend_secret is None:
        return None
    return HttpBackend(settings.backend_url, settings.backend_secret.get_secret_value(), clock)


def webhooks(settings: Settings, database: Database, clock: Clock) -> Hooks | None:
    """Build what tells WEBHOOK_URL; None where that is not set."""
    if not settings.webhook_url or settings.webhook_secret is None:
        return None
    secret = settings.webhook_secret.get_secret_value()
    return Hooks(database, clock, HttpPoster(), settings.webhook_url, secret)


def smtp_mailer(settings: Settings, clock: Clock) -> SmtpMailer | None:
    """Build the mailer of SMTP_URL; None where that is not set."""
    if settings.smtp_url is None:
        return None
    server = SmtpServer.parse(settings.smtp_url.get_secret_value())
    return SmtpMailer(server, mailbox(settings.mail_from), clock, ca_file=settings.smtp_ca_file)


def file_mailer(settings: Settings, clock: Clock) -> Mailer:
    sender = mailbox(settings.mail_from) if settings.mail_from else LOCAL_SENDER
    return FileMailer(settings.outbox_dir, clock, sender=sender)
