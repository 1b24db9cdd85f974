"""The warning to the owners of an account that nobody uses."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from actions.store.tables import Account, Member, Outbox
from bot.messages import Messages
from bot.ports import Mail


async def warning(session: AsyncSession, notice: Outbox, messages: Messages, zone: str) -> Mail | None:
    """Write the mail of `notice`; None where the account has come to life since, or is gone."""
    account = await session.get(Account, notice.payload["account"])
    member = await session.get(Member, notice.payload["member"])
    if account is None or member is None or account.warned_at is None:
        return None
    if account.warned_at < account.last_active_at:
        return None
    day = datetime.fromisoformat(notice.payload["delete_at"]).astimezone(ZoneInfo(zone)).date()
    values = {"company": account.company, "day": day}
    return Mail(
        to=member.email,
        subject=messages.say(member.language, "mail.inactivity.subject", **values),
        body=messages.say(member.language, "mail.inactivity.body", **values),
        language=member.language,
    )
