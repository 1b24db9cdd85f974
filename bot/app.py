"""The composition root: the only place that builds things."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from actions.calendar import Calendar
from actions.policies import Policies
from actions.policies import load as load_policies
from actions.seal import Seal
from actions.service import ActionService
from actions.store.accounts import Accounts
from bot.clock import SystemClock
from bot.config import Settings
from bot.database import Database
from bot.flows.acting import Acting
from bot.flows.people import People
from bot.flows.presses import Presses
from bot.flows.proving import Proving
from bot.flows.questions import Questions
from bot.handoff import Handoff
from bot.identity import Identity
from bot.jobs import Worker
from bot.language import ProductLanguages
from bot.languages import Speaking
from bot.mail import FileMailer
from bot.messages import Messages
from bot.migrations import migrate
from bot.observe import configure_logging
from bot.ports import Clock
from bot.routing.combining import CombinedRouter
from bot.shelf import Shelf
from bot.transcript import Transcript
from bot.turn import Flows, Turn


@dataclass(frozen=True, slots=True)
class App:
    """Everything that is running. Build it with `open_app`."""

    settings: Settings
    database: Database
    clock: Clock
    policies: Policies
    messages: Messages
    languages: ProductLanguages
    shelf: Shelf
    accounts: Accounts
    actions: ActionService
    seal: Seal
    identity: Identity
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
            background = [asyncio.create_task(work) for work in (loading, app.shelf.warm(), app.worker.run())]
        yield app
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        if app is not None:
            await app.shelf.close()
        await database.close()


def build(settings: Settings, database: Database, clock: Clock) -> App:
    policies = load_policies(settings.policies_file)
    messages = Messages()
    languages = ProductLanguages()
    shelf = Shelf(settings, database, clock)
    accounts = Accounts(database)
    seal = Seal(settings.data_dir)
    zone = settings.company_time_zone
    calendar = Calendar(zone, settings.company_country)
    actions = ActionService(database, clock, shelf, policies=policies, calendar=calendar, seal=seal)
    identity = Identity(database, accounts, clock)
    transcript = Transcript(database, clock)
    mailer = FileMailer(settings.outbox_dir, clock)
    proving = Proving(identity, mailer)
    questions = Questions(shelf, shelf, policies.disagreements)
    acting = Acting(actions, identity, proving, shelf, zone)
    people = People()
    flows = Flows(questions, acting, proving, people, Presses(database, questions, acting, proving, people))
    speaking = Speaking(languages, settings.default_language)
    turn = Turn(transcript, CombinedRouter(), speaking, messages, flows, clock, settings.company_name)
    return App(
        settings=settings,
        database=database,
        clock=clock,
        policies=policies,
        messages=messages,
        languages=languages,
        shelf=shelf,
        accounts=accounts,
        actions=actions,
        seal=seal,
        identity=identity,
        transcript=transcript,
        handoff=Handoff(database, transcript, messages, clock),
        turn=turn,
        worker=Worker(actions, database, transcript, messages, mailer, clock, zone),
    )
