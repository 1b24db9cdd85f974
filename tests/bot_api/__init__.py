"""A Bot API that is a real HTTP server on this machine: what a bot may send is checked as Telegram does."""

from tests.bot_api.limits import Limits
from tests.bot_api.model import ANONYMOUS, BOT, CHANNEL_BOT, TOKEN, Answer, Fault, Refused, Sent
from tests.bot_api.server import FakeBotApi

__all__ = [
    "ANONYMOUS",
    "BOT",
    "CHANNEL_BOT",
    "TOKEN",
    "Answer",
    "FakeBotApi",
    "Fault",
    "Limits",
    "Refused",
    "Sent",
]
