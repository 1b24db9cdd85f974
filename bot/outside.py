"""What stands outside this process, built from the settings: mail, the company's own systems."""

from actions.backend import Backend
from actions.papers.sheet import Party
from bot.config import Settings
from bot.database import Database
from bot.hooks import Hooks
from bot.http_backend import HttpBackend
from bot.mail import LOCAL_SENDER, FileMailer
from bot.mail_settings import SmtpServer, mailbox
from bot.ports import Clock, Mailer
from bot.posting import HttpPoster
from bot.smtp import SmtpMailer


def seller(settings: Settings) -> Party:
    """Who stands on credit notes and invoices."""
    return Party(settings.company_name, settings.company_address, settings.company_vat_id or None)


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
