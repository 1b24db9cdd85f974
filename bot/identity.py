"""Who is this: an e-mail address proven by a code, a member linked by the site, or one that the channel
vouches for.

A typed address is a claim, never an identity.
"""

from datetime import timedelta

from actions.model import Level, Principal
from actions.store.accounts import Accounts
from bot.ports import Clock
from bot.tables import ConversationRow

STEP_UP_WINDOW = timedelta(minutes=30)


class Identity:
    """Turns what a channel and a conversation know into a Principal."""

    def __init__(self, accounts: Accounts, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock

    async def principal(self, conversation: ConversationRow, *, vouched_email: str | None) -> Principal:
        """Who may be held to have sent the message at hand."""
        email = vouched_email or conversation.email
        language = conversation.language or "en"
        if email is None:
            return Principal(language=language)
        fresh = conversation.is_verified(self._clock.now())
        level = Level.VERIFIED if vouched_email or fresh else Level.LINKED
        member = await self._accounts.member_by_email(email)
        known_as = None if vouched_email else conversation.member_id
        if known_as is not None and (member is None or member.id != known_as):
            # The address has gone to somebody else since it was proven.
            return Principal(language=language)
        if member is None:
            return Principal(level=level, email=email, language=language)
        return Principal(
            level=level,
            email=email,
            member_id=member.id,
            account_id=member.account_id,
            role=member.role,
            language=language,
        )

    async def knows(self, email: str) -> bool:
        return await self._accounts.member_by_email(email) is not None

    async def proven(self, conversation: ConversationRow, email: str) -> None:
        """The conversation is that person's, verified for the step-up window."""
        member = await self._accounts.member_by_email(email)
        conversation.email = email
        conversation.member_id = member.id if member else None
        conversation.verified_until = self._clock.now() + STEP_UP_WINDOW

    def linked(self, conversation: ConversationRow, member: Principal) -> None:
        """The conversation is that member's. A link proves less than a code: it verifies nobody anew."""
        if conversation.member_id != member.member_id or conversation.email != member.email:
            conversation.verified_until = None
        conversation.email, conversation.member_id = member.email, member.member_id
