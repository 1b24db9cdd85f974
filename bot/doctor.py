"""What is configured, what works, what is missing and how to mend it."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Literal

from actions.approving import LOCAL, staff_id
from actions.calendar import Calendar
from actions.errors import PolicyError
from actions.model import ActionKind
from actions.policies import Policies
from bot.app import App, open_app
from bot.channels_check import api_state, limits_state, telegram_state
from bot.clock import SystemClock
from bot.config import LANGUAGES, Settings
from bot.desk_check import desk_state
from bot.errors import ConfigurationError, MailError
from bot.outside import smtp_mailer

BACKEND_SECONDS = 3.0
"""How long the company's own system may take to say anything."""

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
            findings.append(staff(settings, app.policies))
    except PolicyError as error:
        remedy = "mend that file, or unset POLICIES_FILE to use the built-in one"
        findings.append(Finding("policies", "fault", str(error), remedy))
    except ConfigurationError as error:
        detail, _, remedy = str(error).partition("; ")
        part = "database" if "database" in detail.lower() else "settings"
        findings.append(Finding(part, "fault", detail, remedy))
    findings += [company(settings), await backend(settings), await _mail(settings)]
    states = {
        "telegram": telegram_state(settings),
        "desk": await desk_state(settings),
        "signed API": api_state(settings),
        "limits": await limits_state(settings),
    }
    reached = [Finding(part, *astuple(state)) for part, state in states.items()]
    return [*findings, _languages(), *reached]


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
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
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
    if held := [report.name for report in await app.bindings.check() if report.is_held]:
        detail = f"the clause behind {', '.join(held)} has changed: actions that use it go to staff"
        return Finding("policies", "missing", detail, "clausewise policies check")
    if not lost:
        return Finding("policies", "ok", f"all {len(wanted)} clauses behind the figures are in the library")
    detail = f"{len(lost)} of {len(wanted)} clauses are not in the library: {', '.join(lost[:4])} ..."
    remedy = "give those clauses these anchors in Markdown: ## Heading {#anchor}"
    return Finding("policies", "missing", detail, remedy)


def staff(settings: Settings, policies: Policies) -> Finding:
    """Who may decide, where something waits for a decision. One's own request needs somebody else."""
    ids = set(map(staff_id, settings.staff))
    remedy = "set STAFF to their ids, such as STAFF=eva@example.com,tomas@example.com"
    needed, kind = max((policies.approvals(kind), kind) for kind in ActionKind)
    if needed > max(len(ids), 1):
        detail = f"{kind} takes {needed} members of staff, and STAFF names {len(ids)}: none can ever pass"
        return Finding("staff", "fault", detail, remedy)
    if needed and not ids:
        detail = f"{kind} waits for staff, and STAFF is empty: only `{LOCAL}`, at this machine, may approve"
        return Finding("staff", "missing", detail, remedy)
    named = f"{len(ids)} of STAFF may decide" if ids else f"only `{LOCAL}`, at this machine, may decide"
    return Finding("staff", "ok", named)


def company(settings: Settings) -> Finding:
    """Credit notes and invoices must name the seller's address and VAT ID by law."""
    needed = {"COMPANY_ADDRESS": settings.company_address, "COMPANY_VAT_ID": settings.company_vat_id}
    lost = " and ".join(name for name, value in needed.items() if not value.strip())
    if lost:
        detail = f"no {lost}: no valid credit note or invoice can be made"
        return Finding("company", "missing", detail, f"set {lost} to what your own invoices say")
    return Finding("company", "ok", f"{settings.company_name}, {settings.company_vat_id}")


async def backend(settings: Settings) -> Finding:
    """Whether anything answers there; what it answers to a plain GET does not matter."""
    url = settings.backend_url
    if not url:
        return Finding("backend", "ok", "the store itself; BACKEND_URL is not set")
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=BACKEND_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            return Finding("backend", "ok", f"{url} answers (status {response.status})")
    except TimeoutError:
        reason = f"no answer within {BACKEND_SECONDS:g} seconds"
    except (aiohttp.ClientError, OSError) as error:
        reason = _short(error)
    remedy = "check BACKEND_URL and that the system behind it is well"
    return Finding("backend", "fault", f"{url} does not answer: {reason}", remedy)


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
