"""A process that is killed at a step, the one that comes after it, and the world outside that saw both.

The mail server and the receiver of webhooks are real ones; they live in the parent of the processes.
"""

import asyncio
import json
import random
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import text
from sqlmodel import select

import actions.policies
from actions.audit import verify
from actions.store.demo import fill
from actions.store.tables import Action, ActionLog, Effect
from bot.app import App, open_app
from bot.config import Settings
from bot.database import Database
from tests.fakes import A_TUESDAY, MovingClock
from tests.faults.dialogues import DIALOGUES, Dialogue, Left, Mailbox, Player, assert_once, moment
from tests.faults.killing import Death, forked, marks_in
from tests.make import settings
from tests.receivers import Receiver, receiving
from tests.smtp_servers import Mailroom, smtp_server

STEPS = ("proposal", "code sent", "confirmation", "approval", "schedule", "effect", "mail", "webhook")
SIDES = ("before", "after")
_WINDOW = 12
"""How many points before or after a step the process may die."""
_WARMING = ("cancellation", "correction")


class Postroom(Mailroom):
    """Puts each mail into a folder before it says that it took it."""

    def __init__(self, mailbox: Mailbox) -> None:
        super().__init__()
        self._mailbox = mailbox
        self._numbers = count(1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content or b""
        path = self._mailbox.folder / f"{next(self._numbers):04d}.eml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return await super().handle_DATA(server, session, envelope)


@dataclass
class Stage:
    """A prepared store that is copied for each run: a folder, and a PostgreSQL where `server` is one.

    `server` is an address with NAME in place of the database's name.
    """

    folder: Path
    server: str | None = None
    traces: dict[str, list[set[str]]] = field(default_factory=dict)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def ready(self) -> Path:
        return self.folder / "ready"

    def address(self, name: str) -> str:
        return self.server.replace("NAME", name) if self.server else ""

    def prepare(self) -> None:
        """Make tables, demo accounts and library; then act, so that each fork finds all modules loaded."""

        async def work() -> None:
            await self.sql("CREATE DATABASE ready")
            given = {"webhook_url": "http://127.0.0.1:9/", "webhook_secret": "s"}
            made = settings(self.ready, database_url=self.address("ready"), **given)
            async with open_app(made, clock=MovingClock()) as app:
                await fill(app.database, app.clock)
                await app.shelf.warm()
                await app.worker.tick()
            for name in _WARMING:
                async with self.run(DIALOGUES[name]) as run:
                    await run.live()

        asyncio.run(work())

    async def sql(self, statement: str) -> None:
        if not self.server:
            return
        maintenance = Database(self.address("postgres"))
        engine = maintenance.engine.execution_options(isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(text(statement))
        await maintenance.close()

    @asynccontextmanager
    async def run(self, dialogue: Dialogue) -> AsyncIterator["Run"]:
        name = f"run_{next(self.numbers)}"
        folder = self.folder / name
        shutil.copytree(self.ready, folder)
        await self.sql(f"CREATE DATABASE {name} TEMPLATE ready")
        mailbox = Mailbox(folder / "mailbox")
        built_in = Path(actions.policies.__file__).with_name("policies.toml").read_text(encoding="utf-8")
        tiers = built_in.replace('cancel_account = "auto"', f'cancel_account = "{dialogue.tier}"')
        (policies := folder / "policies.toml").write_text(tiers, encoding="utf-8")
        async with receiving() as receiver, smtp_server(Postroom(mailbox)) as port:
            made = settings(
                folder,
                database_url=self.address(name),
                policies_file=policies,
                smtp_url=f"smtp://127.0.0.1:{port}",
                mail_from="Support <support@example.com>",
                webhook_url=receiver.url,
                webhook_secret="canary-secret",
            )
            yield Run(made, dialogue, mailbox, receiver)
        await self.sql(f"DROP DATABASE {name} WITH (FORCE)")
        shutil.rmtree(folder)

    async def trace(self, name: str) -> list[set[str]]:
        """The marks of each point of a dialogue that nothing disturbs."""
        if name not in self.traces:
            async with self.run(DIALOGUES[name]) as run:
                points = run.settings.data_dir / "points"
                assert await forked(run.live, points_to=points) is None
                self.traces[name] = marks_in(points)
                run.assert_outside(repeated=False)
        return self.traces[name]

    async def kill(self, step: str, side: str, seed: int) -> None:
        """Kill a process `side` its `step`, let the next one go on, and look at what there is."""
        chance = random.Random(f"{step} {side} {seed}")
        names = [name for name, one in DIALOGUES.items() if step != "approval" or one.tier != "auto"]
        name = names[seed % len(names)]
        trace = await self.trace(name)
        stands = 1 + next(at for at, marks in enumerate(trace) if step in marks)
        away = chance.randrange(_WINDOW)
        at = max(1, stands - away) if side == "before" else min(len(trace), stands + 1 + away)
        later = chance.uniform(0.0005, 0.03) if side == "after" and seed % 4 == 3 else 0.0
        await self.kill_at(name, Death(at, later), (step, side == "after"), recovers=chance.random() < 0.5)

    async def kill_every(self, name: str, stride: int) -> int:
        """Kill at every `stride`-th point of a dialogue; return how many times that was."""
        points = range(stride, len(await self.trace(name)) + 1, stride)
        died = [await self.kill_at(name, Death(at)) for at in points]
        return sum(died)

    async def kill_at(
        self, name: str, death: Death, expected: tuple[str, bool] | None = None, *, recovers: bool = True
    ) -> bool:
        """Kill at a point, go on, and look; return whether the process died. `expected`: the step that must
        then stand, or not stand."""
        async with self.run(DIALOGUES[name]) as run:
            ended = await forked(run.live, death)
            assert ended in (None, signal.SIGKILL)
            assert await forked(partial(run.go_on, expected, recovers)) is None, (name, death)
            run.assert_outside(repeated=True)
        return ended is not None


@dataclass
class Run:
    """One store and what stands around it."""

    settings: Settings
    dialogue: Dialogue
    mailbox: Mailbox
    receiver: Receiver

    @property
    def watch(self) -> Path:
        return self.settings.data_dir / "watch"

    @property
    def outcome(self) -> Path:
        return self.settings.data_dir / "outcome.json"

    async def live(self) -> None:
        clock = MovingClock()
        async with open_app(self.settings, clock=clock) as app:
            await Player(app, clock, self.mailbox, self.watch).play(self.dialogue.moves)
            self._keep(await assert_once(app, self.dialogue))

    def _keep(self, left: Left) -> None:
        self.outcome.write_text(json.dumps(left), encoding="utf-8")

    async def go_on(self, expected: tuple[str, bool] | None, recovers: bool) -> None:
        """What the next process finds, and what it makes of it once everybody has repeated themselves."""
        clock = MovingClock(moment(self.watch) or A_TUESDAY)
        async with open_app(self.settings, clock=clock) as app:
            await _assert_log(app)
            if expected is not None:
                assert (await self._stands(app, expected[0])) is expected[1], f"{expected} is not what stands"
            if recovers:
                await app.actions.recover()
                await app.worker.tick()
            await Player(app, clock, self.mailbox, self.watch).play(self.dialogue.moves)
            await app.actions.recover()
            await _assert_log(app)
            self._keep(await assert_once(app, self.dialogue))

    async def _stands(self, app: App, step: str) -> bool:
        async with app.database.read() as session:
            action = (await session.exec(select(Action))).first()
            log = (await session.exec(select(ActionLog))).all()
            effect = (await session.exec(select(Effect))).first()
        return {
            "proposal": action is not None,
            "code sent": bool(self.mailbox.codes),
            "confirmation": action is not None and action.confirmed_at is not None,
            "approval": any(entry.rule == "approved" for entry in log),
            "schedule": any(entry.step == "SCHEDULED" for entry in log),
            "effect": effect is not None,
            "mail": bool(self.mailbox.notices),
            "webhook": bool(self.receiver.calls),
        }[step]

    def assert_outside(self, *, repeated: bool) -> None:
        """Every mail and event arrived, named the one reference, and was the same where it came twice."""
        left: Left = json.loads(self.outcome.read_text(encoding="utf-8"))
        notices = self.mailbox.notices
        assert {mail["X-Reference"] for mail in notices} == {left["reference"]}
        assert len({mail["Message-ID"] for mail in notices}) == left["mails"]
        assert len(notices) - left["mails"] <= repeated
        bodies = [body.decode() for _, body in self.receiver.calls]
        told = list(zip(self.receiver.events, bodies, strict=True))
        assert set(told) == set(left["events"].items())
        assert len(told) - len(left["events"]) <= repeated


async def _assert_log(app: App) -> None:
    report = await verify(app.database, app.seal)
    assert report.ok, report.reason
