"""Errors of the bot package.

BotError
├── ConfigurationError   a setting is missing or wrong; the message says which and how to mend it
├── DeliveryError        a channel did not take a reply; `retry_after` says whether and when to try again
├── HookError            the company's system did not take a webhook; says how it answered
├── MailError            a mail did not go out; says what to do, and names no customer
└── UsageError           a command was called in a way that cannot work; says what to do instead
"""

from typing import Literal


class BotError(Exception):
    """Anything of this package that a person may want to read."""


class ConfigurationError(BotError):
    """A setting is missing or wrong."""


class UsageError(BotError):
    """A command cannot do what was asked."""


DeliveryFailure = Literal["temporary", "rejected", "too big", "blocked"]


class DeliveryError(BotError):
    """A channel did not take a reply. `retry_after` is in seconds, None when it never will.

    `kind`: "blocked" is the customer's doing and holds for the whole conversation. `everywhere`: no other
    chat is served either before `retry_after`. `moved_to`: the chat goes on under this id.
    """

    def __init__(
        self,
        reason: str,
        *,
        retry_after: float | None,
        kind: DeliveryFailure | None = None,
        everywhere: bool = False,
        moved_to: str | None = None,
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.kind: DeliveryFailure = kind or ("rejected" if retry_after is None else "temporary")
        self.everywhere = everywhere
        self.moved_to = moved_to


class HookError(BotError):
    """The company's system did not take a webhook. `lasting`: it wants no more of it."""

    def __init__(self, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.lasting = lasting


class MailError(BotError):
    """A mail did not go out. `lasting`: no other try will do better, such as for an unknown mailbox."""

    def __init__(self, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.lasting = lasting
