"""Settings: the only reader of the environment. `.env.example` documents each one (a test compares)."""

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

LANGUAGES = ("en", "sl", "lt", "et", "bg")


class Settings(BaseSettings):
    """Everything that differs between installations. With nothing set, all of it runs on one machine."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore")

    data_dir: Path = Field(Path(".clausewise"), description="Where all state lives")
    database_url: str = Field("", description="SQLAlchemy address; empty: SQLite under DATA_DIR")
    default_language: Literal["en", "sl", "lt", "et", "bg"] = Field(
        "en", description="Language of a customer whose own is not known yet"
    )
    company_name: str = Field("Quality Unit", description="Who the assistant speaks for")
    company_time_zone: str = Field("Europe/Bratislava", description="Days and deadlines are counted in it")
    company_country: str = Field("SK", description="Whose public holidays are not business days")
    policies_file: Path | None = Field(None, description="A policies.toml in place of the built-in one")
    telegram_bot_token: SecretStr | None = Field(
        None, description="From BotFather; `poll` and `serve` use it"
    )
    telegram_api_url: str = Field("https://api.telegram.org", description="Bot API server")
    telegram_webhook_secret: SecretStr | None = Field(
        None, description="Telegram sends it with each update; `serve` takes no webhook without it"
    )
    public_url: str = Field("", description="The https address under which `serve` is reached")
    host: str = Field("127.0.0.1", description="Address that `serve` listens on")
    port: int = Field(8080, ge=0, le=65535, description="Port that `serve` listens on")
    api_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="Secrets that may sign POST /api/v1/messages, comma-separated, newest first"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("warning", description="What is logged")

    @field_validator("api_secrets", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("company_time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{value!r} is no IANA time zone, such as Europe/Bratislava") from None
        return value

    @property
    def database_address(self) -> str:
        """`database_url`, with an async driver, or the SQLite file under `data_dir`."""
        url = self.database_url or f"sqlite:///{(self.data_dir / 'clausewise.sqlite').absolute()}"
        for plain, driven in (
            ("sqlite:", "sqlite+aiosqlite:"),
            ("postgresql:", "postgresql+asyncpg:"),
            ("postgres:", "postgresql+asyncpg:"),
        ):
            if url.startswith(plain):
                return driven + url.removeprefix(plain)
        return url

    @property
    def outbox_dir(self) -> Path:
        return self.data_dir / "outbox"

    @property
    def samples_dir(self) -> Path:
        """State of the sample library, apart from the library of ingested documents."""
        return self.data_dir / "samples"
