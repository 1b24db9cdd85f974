"""`clausewise export`: everything that is stored on the person of a data-protection case, for staff."""

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.actions import LOCAL, REMEDIES, Staff
from bot.commands.running import fail, run, settings
from bot.commands.writing import write_new

UNKNOWN = "there is no such case; see: clausewise cases list"


def export(
    reference: Annotated[str, typer.Argument(help="The case's reference number, such as CW-7KXM-2Q9F.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write the zip; a new file.")],
    staff: Staff = LOCAL,
) -> None:
    """Write the export package of a data-protection case to a file: JSON and a page to read, in a zip.

    Everything that is stored on that person and nothing on anyone else. The action log notes that you opened
    it. Where PUBLIC_URL is set, `clausewise cases done` mails the person a link to the same package.

    Example: clausewise export CW-7KXM-2Q9F --out data.zip
    """
    from actions.model import Rejected
    from bot.app import open_app

    async def work() -> None:
        async with open_app(settings()) as app:
            found = await app.rights.export(reference, staff)
        if isinstance(found, Rejected):
            fail(REMEDIES.get(found.rule, UNKNOWN).format(staff=staff, local=LOCAL))
        write_new(out, found.content)
        typer.echo(f"The data of {reference} is in {out}.")

    run(work)
