"""Whether customers can reach the bot, by Telegram and by the signed API, and what counts their requests."""

from bot.config import Settings
from bot.desk_check import State
from bot.errors import ConfigurationError


def telegram_state(settings: Settings) -> State:
    if settings.telegram_bot_token is None:
        return State("missing", "no token", "set TELEGRAM_BOT_TOKEN (from BotFather) to use `poll`")
    if not settings.public_url and settings.telegram_webhook_secret is None:
        return State("ok", "long polling by `poll`; `serve` needs a webhook secret too")
    if settings.public_url and not settings.public_url.startswith("https://"):
        remedy = "set PUBLIC_URL to the https address under which `serve` is reached"
        return State("fault", f"no https address: {settings.public_url}", remedy)
    from bot.channels.webhook import webhook_secret

    try:
        webhook_secret(settings)
    except ConfigurationError as error:
        remedy = "set TELEGRAM_WEBHOOK_SECRET to a random string of letters and digits"
        return State("fault", str(error), remedy)
    return State(
        "ok",
        "webhook by `serve`" if settings.public_url else "long polling by `poll`; no PUBLIC_URL for `serve`",
    )


def api_state(settings: Settings) -> State:
    if not settings.api_secrets:
        return State("missing", "no secret", "set API_SECRETS to use POST /api/v1/messages")
    return State("ok", f"{len(settings.api_secrets)} of API_SECRETS may sign")


async def limits_state(settings: Settings) -> State:
    """Whether what counts requests can be reached; without it nobody is refused."""
    from bot.channels.limiting import Limits

    try:
        limits = Limits(settings)
    except ConfigurationError as error:
        return State("fault", str(error), "mend LIMITS_URL, or unset it to let each process count for itself")
    if not settings.limits_url:
        return State("ok", "each process counts requests for itself")
    try:
        if await limits.answers():
            return State("ok", "counted for all processes together")
    finally:
        await limits.close()
    return State(
        "fault", "what LIMITS_URL names does not answer: nobody is refused", "start it, or mend LIMITS_URL"
    )
