"""What is measured, for Prometheus: counted while it happens, or read from the database when asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.store.tables import ActionLog, Outbox
from bot.database import Database
from bot.ports import Answerer, Clock, Stage
from bot.tables import MessageRow
from knowledge.model import Answer, NotFound

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counts for one application, in a registry of its own; a `Meter`."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._turns = Counter(
            "clausewise_turns",
            "Messages answered, by channel and by what they asked for",
            ("channel", "route"),
            registry=self._registry,
        )
        self._stages = Histogram(
            "clausewise_stage_seconds",
            "How long a stage of a turn took",
            ("stage",),
            registry=self._registry,
            buckets=SECONDS,
        )
        self._answers = Counter(
            "clausewise_answers",
            "Questions that the documents answered, and that they did not",
            ("found",),
            registry=self._registry,
        )
        for found in ("yes", "no"):
            self._answers.labels(found)

    def turn(self, channel: str, route: str) -> None:
        self._turns.labels(channel, route).inc()

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        begun = perf_counter()
        try:
            yield
        finally:
            self._stages.labels(stage).observe(perf_counter() - begun)

    def answered(self, *, found: bool) -> None:
        self._answers.labels("yes" if found else "no").inc()

    async def exposition(self, database: Database, clock: Clock) -> bytes:
        """Everything, in Prometheus's text format."""
        async with database.read() as session:
            stored = CollectorRegistry()
            await _messages(session, stored)
            await _outbox(session, stored, clock)
            await _actions(session, stored)
        return generate_latest(self._registry) + generate_latest(stored)


class MeteredAnswerer:
    """An answerer whose searches are timed and counted."""

    def __init__(self, answerer: Answerer, metrics: Metrics) -> None:
        self._answerer = answerer
        self._metrics = metrics

    async def answer(self, question: str, *, language: str) -> Answer:
        with self._metrics.stage("retrieve"):
            found = await self._answerer.answer(question, language=language)
        self._metrics.answered(found=not isinstance(found, NotFound))
        return found


async def _messages(session: AsyncSession, into: CollectorRegistry) -> None:
    row = MessageRow
    counted = (
        select(row.channel, row.direction, row.status, func.count())
        .where(col(row.status).in_(("received", "pending", "failed")))
        .group_by(row.channel, row.direction, row.status)
    )
    queue = Gauge("clausewise_queue", "What waits, by queue and channel", ("queue", "channel"), registry=into)
    failed = Gauge(
        "clausewise_delivery_failures", "Replies that were given up, by channel", ("channel",), registry=into
    )
    names = {("in", "received"): "unanswered", ("out", "pending"): "pending"}
    for channel, direction, status, count in await session.exec(counted):
        if name := names.get((direction, status)):
            queue.labels(name, channel).set(count)
        elif direction == "out":
            failed.labels(channel).set(count)


async def _outbox(session: AsyncSession, into: CollectorRegistry, clock: Clock) -> None:
    waiting = select(func.count()).select_from(Outbox).where(col(Outbox.done_at).is_(None))
    due = Gauge("clausewise_outbox_due", "Mails, webhooks and tasks whose time has come", registry=into)
    due.set((await session.exec(waiting.where(col(Outbox.not_before) <= clock.now()))).one())


async def _actions(session: AsyncSession, into: CollectorRegistry) -> None:
    """Steps that the action log holds; they only ever grow."""
    row = ActionLog
    steps = Counter("clausewise_action_steps", "Steps of actions", ("kind", "step"), registry=into)
    counted = select(row.kind, row.step, func.count()).group_by(col(row.kind), col(row.step))
    for kind, step, count in await session.exec(counted):
        steps.labels(kind or "none", step or "none").inc(count)
