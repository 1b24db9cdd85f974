"""`clausewise desk`: is the group of the agents in order, and which group could be it."""

import typer

from bot.commands.running import AsJson, print_json, run, settings


def desk(as_json: AsJson = False) -> None:
    """Check the Telegram group where agents work; without DESK_CHAT_ID, list the groups that it could be.

    To be listed, write something with a slash, such as /id, in the group that the bot is in.
    """
    from dataclasses import asdict

    from bot.desk_check import desk_state, groups

    async def work() -> int:
        chosen = settings()
        if chosen.desk_chat_id is not None:
            state = await desk_state(chosen)
            if as_json:
                print_json(asdict(state))
            else:
                typer.echo(f"{state.detail}\n-> {state.remedy}" if state.remedy else state.detail)
            return 1 if state.status == "fault" else 0
        found = await groups(chosen)
        if as_json:
            print_json([asdict(group) for group in found])
        elif not found:
            typer.echo("No group yet: add the bot to one, write /id there, and run this again.")
        else:
            for group in found:
                topics = "" if group.has_topics else "  (turn on Topics in its settings)"
                typer.echo(f"DESK_CHAT_ID={group.chat_id}  {group.title}{topics}")
        return 0

    run(work)
