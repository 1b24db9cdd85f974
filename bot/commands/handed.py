"""Conversations as `clausewise handoff` prints them."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from bot.handoff import Case


def print_case(case: "Case") -> None:
    who = f"  {case.email}" if case.email else ""
    holder = f"with {case.held_by}" if case.held_by else "waiting"
    since = f" since {case.queued_at:%Y-%m-%d %H:%M} UTC" if case.queued_at else ""
    why = f"  ({case.reason})" if case.reason else ""
    typer.echo(f"{case.conversation_id[:8]}  {holder}{since}  {case.channel}, {case.language}{who}{why}")
    for line in case.lines:
        typer.echo(f"    {line.author}: {' '.join(line.text.split())[:200]}")
    for noted in case.notes:
        typer.echo(f"    note of {noted.author}: {' '.join(noted.text.split())}")


def case_json(case: "Case") -> dict[str, object]:
    return {
        "conversation": case.conversation_id,
        "channel": case.channel,
        "language": case.language,
        "state": str(case.state),
        "email": case.email,
        "held_by": case.held_by,
        "reason": case.reason,
        "queued_at": case.queued_at.isoformat() if case.queued_at else None,
        "messages": [
            {"author": line.author, "text": line.text, "at": line.at.isoformat()} for line in case.lines
        ],
        "notes": [{"author": one.author, "text": one.text, "at": one.at.isoformat()} for one in case.notes],
    }
