"""The fake Bot API under its first name; see tests/bot_api."""

from tests.bot_api import TOKEN, FakeBotApi, Fault, Sent

__all__ = ["TOKEN", "FakeBotApi", "Fault", "Sent"]
