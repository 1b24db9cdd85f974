"""What is configured, what works, what is missing and how to mend it."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from actions.calendar import Calendar
from actions.errors import PolicyError
from bot.app import App, open_app, smtp_mailer
from bot.clock import SystemClock
from bot.config import LANGUAGES, Settings
from bot.errors import ConfigurationError, MailError

Status = Literal["ok", "missing", "fault"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `missing`: not set up, which may be as wanted; `fault` never is."""

    part: str
    status: Status
    detail: str
    remedy: str = ""


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything. A part that fails is a finding, and the next is looked at all the same."""
    findings = [_python(), _data_dir(settings), _days(settings)]
    try:
        async with open_app(settings) as app:
            for look in (_database, _library, _index, _demo, _log, _policies):
                findings.append(await _careful(look, app))
    except PolicyError as error:
        remedy = "mend that file, or unset POLICIES_FILE to use the built-in one"
        findings.append(Finding("policies", "fault", str(error), remedy))
    except ConfigurationError as error:
        detail, _, remedy = str(error).rpartition("; ")
        findings.append(Finding("database", "fault", detail, remedy))
    return [*findings, await _mail(settings), _languages(), _telegram(settings), _http(settings)]


async def _careful(look: Callable[[App], Awaitable[Finding]], app: App) -> Finding:
    try:
        return await look(app)
    except Exception as error:
        return Finding(look.__name__.strip("_"), "fault", _short(error), "set LOG_LEVEL=debug to see more")


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", "ok", version)


def _data_dir(settings: Settings) -> Finding:
    folder = settings.data_dir.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return Finding(
            "data folder", "fault", f"{folder}: {error.strerror}", "set DATA_DIR to another folder"
        )
    if not os.access(folder, os.W_OK):
        return Finding(
            "data folder", "fault", f"{folder} cannot be written", "set DATA_DIR to another folder"
        )
    return Finding("data folder", "ok", str(folder))


def _days(settings: Settings) -> Finding:
    """Deadlines are counted in the company's time zone and around its public holidays."""
    zone, country = settings.company_time_zone, settings.company_country
    try:
        Calendar(zone, country).one_month_after(datetime(2026, 1, 31, tzinfo=UTC))
    except PolicyError as error:
        detail, _, remedy = str(error).rpartition("; ")
        return Finding("business days", "fault", detail, remedy)
    return Finding("business days", "ok", f"counted in {zone}, with the public holidays of {country}")


async def _database(app: App) -> Finding:
    kind = "SQLite" if app.database.is_sqlite else "PostgreSQL"
    return Finding("database", "ok", f"{kind}, tables up to date")


async def _library(app: App) -> Finding:
    documents = [document for document in await app.shelf.ingested() if document.status == "current"]
    if not documents:
        detail = "empty; the sample documents answer instead"
        return Finding("library", "missing", detail, "clausewise ingest YOUR_DOCUMENTS")
    count = sum(document.clauses for document in documents)
    languages = ", ".join(sorted({document.language for document in documents}))
    return Finding("library", "ok", f"{len(documents)} documents, {count} clauses ({languages})")


async def _index(app: App) -> Finding:
    try:
        state = await asyncio.wait_for(app.shelf.settle(), timeout=120)
    except TimeoutError:
        return Finding(
            "index", "fault", "not ready after two minutes", "remove DATA_DIR/index; it is rebuilt"
        )
    if state == "ready":
        return Finding("index", "ok", "Chroma answers and passes its canaries")
    return Finding("index", "ok", f"exact search answers; Chroma: {state}")


async def _demo(app: App) -> Finding:
    if await app.accounts.is_demo():
        return Finding("store", "ok", "a demo: `clausewise chat --as EMAIL` works here")
    return Finding("store", "ok", "a real store; for invented accounts: clausewise demo (empty stores only)")


async def _log(app: App) -> Finding:
    from actions.audit import verify

    report = await verify(app.database, app.seal)
    if report.ok:
        return Finding("action log", "ok", f"{report.entries} entries, verified")
    return Finding("action log", "fault", report.reason or "does not verify", "clausewise log verify")


async def _policies(app: App) -> Finding:
    """Every figure names its clause; the library should have it, or a card cannot show it."""
    wanted = sorted(set(app.policies.anchors))
    lost = [anchor for anchor in wanted if await app.shelf.by_anchor(anchor, "en") is None]
    if not lost:
        return Finding("policies", "ok", f"all {len(wanted)} clauses behind the figures are in the library")
    detail = f"{len(lost)} of {len(wanted)} clauses are not in the library: {', '.join(lost[:4])} ..."
    remedy = "give those clauses these anchors in Markdown: ## Heading {#anchor}"
    return Finding("policies", "missing", detail, remedy)


async def _mail(settings: Settings) -> Finding:
    mailer = smtp_mailer(settings, SystemClock())
    if mailer is None:
        remedy = "set SMTP_URL and MAIL_FROM to send them"
        return Finding("mail", "missing", f"each mail is a file in {settings.outbox_dir.absolute()}", remedy)
    try:
        return Finding("mail", "ok", await mailer.check())
    except MailError as error:
        detail, _, remedy = str(error).rpartition("; ")
        return Finding("mail", "fault", detail, remedy)


def _languages() -> Finding:
    return Finding("languages", "ok", f"speaks {', '.join(LANGUAGES)}; reads documents in others too")


def _telegram(settings: Settings) -> Finding:
    if settings.telegram_bot_token is None:
        return Finding(
            "telegram", "missing", "no token", "set TELEGRAM_BOT_TOKEN (from BotFather) to use `poll`"
        )
    if not settings.public_url and settings.telegram_webhook_secret is None:
        return Finding("telegram", "ok", "long polling by `poll`; `serve` needs a webhook secret too")
    if settings.public_url and not settings.public_url.startswith("https://"):
        remedy = "set PUBLIC_URL to the https address under which `serve` is reached"
        return Finding("telegram", "fault", f"no https address: {settings.public_url}", remedy)
    from bot.channels.webhook import webhook_secret

    try:
        webhook_secret(settings)
    except ConfigurationError as error:
        remedy = "set TELEGRAM_WEBHOOK_SECRET to a random string of letters and digits"
        return Finding("telegram", "fault", str(error), remedy)
    return Finding(
        "telegram",
        "ok",
        "webhook by `serve`" if settings.public_url else "long polling by `poll`; no PUBLIC_URL for `serve`",
    )


def _http(settings: Settings) -> Finding:
    if not settings.api_secrets:
        return Finding(
            "signed webhook", "missing", "no secret", "set API_SECRETS to use POST /api/v1/messages"
        )
    return Finding("signed webhook", "ok", f"{len(settings.api_secrets)} of API_SECRETS may sign")
