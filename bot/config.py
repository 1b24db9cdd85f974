"""Settings: the only reader of the environment. `.env.example` documents each one (a test compares)."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.backend_settings import backend_address
from bot.limit_settings import limit, networks
from bot.mail_settings import SmtpServer, mailbox
from bot.staff_settings import TelegramStaff
from bot.web_settings import origins

LANGUAGES = ("en", "sl", "lt", "et", "bg")
LINK_MINUTES = 15
MOST_LINK_MINUTES = 24 * 60


class Settings(BaseSettings):
    """Everything that differs between installations. With nothing set, all of it runs on one machine."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore")

    data_dir: Path = Field(Path(".clausewise"), description="Where all state lives")
    database_url: str = Field("", description="SQLAlchemy address; empty: SQLite under DATA_DIR")
    default_language: Literal["en", "sl", "lt", "et", "bg"] = Field(
        "en", description="Language of a customer whose own is not known yet"
    )
    company_name: str = Field("Quality Unit", description="Who the assistant speaks for")
    company_address: str = Field("", description="Its address on credit notes and invoices")
    company_time_zone: str = Field("Europe/Bratislava", description="Days and deadlines are counted in it")
    company_country: str = Field("SK", description="Whose public holidays are not business days")
    company_vat_id: str = Field("", description="Its VAT ID on credit notes and invoices")
    log_signing_key_file: Path | None = Field(
        None, description="Ed25519 key under which the action log is written; empty: under DATA_DIR"
    )
    log_checkpoint_file: Path | None = Field(
        None, description="Where the action log's signed checkpoints go; empty: under DATA_DIR"
    )
    policies_file: Path | None = Field(None, description="A policies.toml in place of the built-in one")
    staff: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Ids of staff who may approve and refuse, comma-separated; empty: only `local`"
    )
    handoff_minutes: int = Field(
        10, ge=1, le=1440, description="After how long a customer is told that nobody has taken over yet"
    )
    business_hours: str = Field(
        "", description="When people are there, such as Mon-Fri 09:00-17:00; empty: always"
    )
    canned_file: Path | None = Field(None, description="Replies that staff have ready (docs/canned.toml)")
    telegram_bot_token: SecretStr | None = Field(
        None, description="From BotFather; `poll` and `serve` use it"
    )
    telegram_bot_name: str = Field("", description="The bot's user name, for links into Telegram")
    telegram_api_url: str = Field("https://api.telegram.org", description="Bot API server")
    telegram_webhook_secret: SecretStr | None = Field(
        None, description="Telegram sends it with each update; `serve` takes no webhook without it"
    )
    telegram_staff: TelegramStaff = Field(
        (), description="Who of STAFF is which Telegram user, such as ana=123456789, comma-separated"
    )
    desk_chat_id: int | None = Field(
        None, description="The Telegram supergroup where staff work; only they are heard in it"
    )
    evidence_max_mb: int = Field(
        10, ge=1, le=20, description="The biggest file, in MB, that is kept from a customer for staff"
    )
    public_url: str = Field("", description="The https address under which `serve` is reached")
    host: str = Field("127.0.0.1", description="Address that `serve` listens on")
    port: int = Field(8080, ge=0, le=65535, description="Port that `serve` listens on")
    api_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="Secrets that may sign the API calls, comma-separated, newest first"
    )
    api_push_url: str = Field("", description="Gets each reply of the API that no answer carried")
    api_push_secret: SecretStr | None = Field(
        None, validate_default=True, description="Signs what API_PUSH_URL gets"
    )
    limit_per_key: str = Field("1200/minute", description="Requests that one of API_SECRETS may sign")
    limit_per_conversation: str = Field("60/minute", description="Messages that one conversation may send")
    limit_per_address: str = Field("1200/minute", description="Requests that one address may send")
    limits_url: str = Field("", description="Redis that counts for all replicas; empty: each for itself")
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Addresses or networks whose X-Forwarded-For counts, comma-separated"
    )
    metrics_token: SecretStr | None = Field(None, description="Bearer token of /metrics; empty: only local")
    web_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Sites that may embed the web chat, comma-separated; empty: only its own page"
    )
    smtp_url: SecretStr | None = Field(
        None, description="Mail server; empty: mails become files under DATA_DIR"
    )
    smtp_ca_file: Path | None = Field(None, description="Trusted for the mail server's certificate")
    mail_from: str = Field("", validate_default=True, description="Who mails come from")
    site_jwt_secret: SecretStr | None = Field(None, description="Shared secret of the site's HS256 tokens")
    site_jwt_public_key: str = Field("", description="PEM public key of the site's RS256 tokens")
    site_jwt_audience: str = Field("", description="What the site's tokens must name in `aud`")
    site_jwt_issuer: str = Field("", description="What they must name in `iss`; empty: not checked")
    backend_url: str = Field(
        "", description="Where the company's own system carries actions out; empty: the store does"
    )
    backend_secret: SecretStr | None = Field(
        None, validate_default=True, description="Signs the calls of BACKEND_URL"
    )
    webhook_url: str = Field("", description="Told of each step that ends an action; empty: nobody is")
    webhook_secret: SecretStr | None = Field(
        None, validate_default=True, description="Signs what WEBHOOK_URL is told"
    )
    end_inactive_accounts: bool = Field(
        False,
        description="Warn and delete accounts that nobody uses; account.last_active_at must be kept current",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("warning", description="What is logged")

    @field_validator("api_secrets", "staff", "trusted_proxies", "web_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("company_vat_id")
    @classmethod
    def _correct_vat_id(cls, value: str, info: ValidationInfo) -> str:
        if not value.strip():
            return ""
        from actions.vat import normalized

        written = normalized(value, info.data.get("company_country", ""))
        if written is None:
            raise ValueError(f"{value!r} is no VAT ID; write it with its country's prefix and all its digits")
        return written

    @field_validator("business_hours")
    @classmethod
    def _readable_hours(cls, value: str) -> str:
        from bot.hours import week_of

        week_of(value)
        return value

    @field_validator("company_time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{value!r} is no IANA time zone, such as Europe/Bratislava") from None
        return value

    @field_validator("web_origins")
    @classmethod
    def _known_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return origins(value)

    @field_validator("trusted_proxies")
    @classmethod
    def _known_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return networks(value)

    @field_validator("limit_per_key", "limit_per_conversation", "limit_per_address")
    @classmethod
    def _known_limit(cls, value: str) -> str:
        return limit(value)

    @field_validator("webhook_url", "api_push_url")
    @classmethod
    def _known_receiver(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc):
            raise ValueError("write https://HOST/PATH, without a user name")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _signs_webhooks(cls, value: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        if others.data.get("webhook_url") and not (value and value.get_secret_value()):
            raise ValueError("with WEBHOOK_URL it must be set: by it the receiver knows who calls")
        return value

    @field_validator("api_push_secret")
    @classmethod
    def _signs_pushes(cls, value: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        if others.data.get("api_push_url") and not (value and value.get_secret_value()):
            raise ValueError("with API_PUSH_URL it must be set: by it the receiver knows who calls")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _known_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            SmtpServer.parse(value.get_secret_value())
        return value

    @field_validator("backend_url")
    @classmethod
    def _known_backend(cls, value: str) -> str:
        return backend_address(value) if value else ""

    @field_validator("backend_secret")
    @classmethod
    def _signs_calls(cls, value: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        if others.data.get("backend_url") and not (value and value.get_secret_value()):
            raise ValueError("with BACKEND_URL it must be set: it signs every call")
        return value

    @field_validator("mail_from")
    @classmethod
    def _known_sender(cls, value: str, others: ValidationInfo) -> str:
        if value:
            mailbox(value)
        elif others.data.get("smtp_url") is not None:
            raise ValueError("with SMTP_URL it must be set, to an address that the server lets you send from")
        return value

    @property
    def database_address(self) -> str:
        """`database_url`, with an async driver, or the SQLite file under `data_dir`."""
        url = self.database_url or f"sqlite:///{(self.data_dir / 'clausewise.sqlite').absolute()}"
        for plain, driven in (
            ("postgresql:", "postgresql+asyncpg:"),
            ("postgres:", "postgresql+asyncpg:"),
        ):
            if url.startswith(plain):
                return driven + url.removeprefix(plain)
        return url

    @property
    def log_signing_key(self) -> Path:
        return self.log_signing_key_file or self.data_dir / "action-log.key"

    @property
    def log_checkpoints(self) -> Path:
        return self.log_checkpoint_file or self.data_dir / "action-log.checkpoints"

    @property
    def outbox_dir(self) -> Path:
        return self.data_dir / "outbox"

    @property
    def samples_dir(self) -> Path:
        """State of the sample library, apart from the library of ingested documents."""
        return self.data_dir / "samples"
