"""`clausewise papers`: the credit notes and corrected invoices that were made, for staff."""

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.actions import LOCAL, REMEDIES, Staff
from bot.commands.running import AsJson, fail, note, print_json, run, settings
from bot.commands.writing import write_new

commands = typer.Typer(no_args_is_help=True, help="Find credit notes and corrected invoices; get their PDFs.")

UNKNOWN = "there is no paper {number}; see: clausewise papers list"
FIELDS = ("number", "kind", "language", "sha256", "action_id")


@commands.command("list")
def list_papers(
    action: Annotated[str | None, typer.Option(metavar="ID", help="Only the papers of this action.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show which papers were made, oldest first. Nothing of the customer stands in the list.

    With --json, one object a line.
    """
    from actions.papers.filing import paper_index
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app, app.database.read() as session:
            found = await paper_index(session, action)
        if not found:
            note("there are no such papers" if action else "there are no papers yet")
        for paper in found:
            if as_json:
                fields = {name: getattr(paper, name) for name in FIELDS}
                print_json({**fields, "made_at": paper.made_at.isoformat()})
            else:
                made = f"{paper.made_at:%Y-%m-%d %H:%M} UTC, action {paper.action_id}"
                typer.echo(f"{paper.number:<16} {paper.kind:<12} {paper.language}  {made}")

    run(work)


@commands.command()
def get(
    number: Annotated[str, typer.Argument(help="The paper's number, such as CN-2026-000001.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write the PDF; a new file.")],
    staff: Staff = LOCAL,
) -> None:
    """Write a paper to a file, byte for byte as the customer got it.

    The action log notes that you opened it.

    Example: clausewise papers get CN-2026-000001 --out note.pdf
    """
    from actions.model import Rejected
    from actions.papers.filing import is_intact
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            paper = await app.actions.paper(number, staff)
        if isinstance(paper, Rejected):
            remedy = REMEDIES.get(paper.rule, UNKNOWN)
            fail(remedy.format(staff=staff, local=LOCAL, number=number))
        if not is_intact(paper):
            fail(f"the stored paper {paper.number} is not the one that was made: its SHA-256 differs")
        write_new(out, paper.content)
        typer.echo(f"{paper.number} is in {out}.")

    run(work)
