"""`clausewise index`: the vector index of the ingested documents, made ahead of the first question."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.running import AsJson, call, note, print_json, settings

if TYPE_CHECKING:
    from bot.shelf import IndexReport
    from knowledge.adapters.chroma import Progress


def index(
    anew: Annotated[
        bool, typer.Option("--anew", help="Throw away what is there, also where nothing is wrong with it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the vector index up to date with the library, and say how it is.

    Nothing depends on it: a running assistant does the same by itself, and exact search answers meanwhile.
    The exit status is 1 where the index cannot be made.
    """
    report = call(lambda: build(anew=anew))
    if as_json:
        print_json(asdict(report))
    else:
        typer.echo(_sentence(report))
    raise typer.Exit(0 if report.state in ("ready", "held") else 1)


async def build(*, anew: bool = False) -> "IndexReport":
    from bot.shelf import build_index

    with advancing("preparing the search") as progress:
        return await build_index(settings(), progress, anew=anew)


def remark(report: "IndexReport") -> None:
    """Say on stderr what is worth knowing after an ingestion: only that it did not go as usual."""
    if report.state != "ready":
        note(_sentence(report))


def _sentence(report: "IndexReport") -> str:
    if report.state == "held":
        return "Another process is running on this library; it takes up what changed by itself."
    if report.state != "ready":
        return f"The vector index could not be made, so exact search answers: {report.state}"
    if not report.added:
        return f"The index is ready: {report.clauses} clauses, none of them to be added."
    rate = report.added / max(report.seconds, 1e-9)
    return (
        f"The index is ready: {report.clauses} clauses, {report.added} added in {report.seconds:.1f} s "
        f"({rate:.0f} a second); memory at most {report.memory_mb} MB."
    )


@contextmanager
def advancing(what: str) -> Iterator["Progress"]:
    """Show clauses done, of how many and how fast, on stderr and only where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(what, total=None, rate="")
        started: float | None = None

        def progress(done: int, total: int) -> None:
            nonlocal started
            started = started or time.monotonic()
            spent = time.monotonic() - started
            rate = f"{done / spent:.0f}/s" if spent > 1 else ""
            shown.update(task, completed=done, total=total, rate=rate)

        yield progress
