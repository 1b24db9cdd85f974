"""`clausewise evidence`: files that customers sent for staff."""

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.handoff import Name
from bot.commands.running import AsJson, print_json, run, settings
from bot.commands.writing import write_new

commands = typer.Typer(no_args_is_help=True, help="Find the files that customers sent, and get them.")

FIELDS = ("id", "conversation_id", "name", "mime", "size", "sha256", "status", "reason")


@commands.command("list")
def list_files(
    name: Name,
    conversation: Annotated[
        str, typer.Argument(help="Only of this conversation: its id, or the beginning of it.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show which files came, oldest first, and what became of each.

    A file's name is its customer's words, so the action log notes that you opened it. With --json, one
    object a line.
    """
    from bot.app import open_app
    from bot.attachment_queries import emails_of, evidence_of

    async def work() -> None:
        async with open_app(settings()) as app:
            found = await evidence_of(app.database, conversation)
            if found:
                await app.actions.opened(name, await emails_of(app.database, found))
        for file in found:
            if as_json:
                came = {"created_at": file.created_at.isoformat()}
                print_json({**{field: getattr(file, field) for field in FIELDS}, **came})
            else:
                typer.echo(
                    f"{file.id[:12]}  {file.created_at:%Y-%m-%d %H:%M} UTC  {file.status:<8} "
                    f"{file.size:>9} bytes  {file.mime or '-'}  {file.name or '-'}  "
                    f"conversation {file.conversation_id[:12]}"
                )
        if not found and not as_json:
            typer.echo("There are no such files.")

    run(work)


@commands.command()
def save(
    file: Annotated[str, typer.Argument(help="The file's id, or the beginning of it.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write it; a new file.")],
    name: Name,
) -> None:
    """Write a file out, byte for byte as it came. It comes from outside: open it with care.

    The action log notes that you opened it.

    Example: clausewise evidence save 3f2a --out contract.pdf
    """
    from bot.app import open_app
    from bot.attachment_queries import content_of, emails_of

    async def work() -> None:
        async with open_app(settings()) as app:
            row, content = await content_of(app.database, app.settings, file)
            await app.actions.opened(name, await emails_of(app.database, [row]))
        write_new(out, content)
        typer.echo(f"{row.name or row.id} is in {out} ({row.mime}, {row.size} bytes).")

    run(work)
