"""The command line. Each command lives in `bot/commands/`; heavy imports wait until one is called."""

try:
    import signal
    from typing import Annotated

    import typer

    from bot.commands import (
        actions,
        cases,
        chat,
        demo,
        desk,
        doctor,
        evidence,
        export,
        handoff,
        index,
        letters,
        library,
        link,
        log,
        papers,
        policies,
        route,
        search,
        serve,
    )
except KeyboardInterrupt:
    raise SystemExit(130) from None

app = typer.Typer(
    name="clausewise",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="A support assistant that answers with the clause that settles the question, and acts only behind "
    "guards. With nothing configured it runs on this machine alone: try `clausewise demo`, then "
    "`clausewise chat`.",
)

app.command()(chat.chat)
app.command()(demo.demo)
app.command(epilog=library.INGEST_EXAMPLES)(library.ingest)
app.command()(library.clauses)
app.command()(index.index)
app.command(epilog=search.SEARCH_EXAMPLES)(search.search)
app.command()(search.ask)
app.command("eval", epilog=search.EVAL_EXAMPLE)(search.score)
app.command()(route.route)
app.command()(link.link)
app.command()(export.export)
app.command()(serve.poll)
app.command()(serve.serve)
app.command()(doctor.doctor)
app.command()(desk.desk)
app.add_typer(log.commands, name="log")
app.add_typer(policies.commands, name="policies")
app.add_typer(handoff.commands, name="handoff")
app.add_typer(evidence.commands, name="evidence")
app.add_typer(papers.commands, name="papers")
app.add_typer(actions.commands, name="actions")
app.add_typer(cases.commands, name="cases")
app.add_typer(letters.letters, name="letters")
app.add_typer(letters.tasks, name="tasks")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"clausewise {version('clausewise')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that come before a command."""


def main() -> None:
    try:
        app()
    except KeyboardInterrupt:
        # Before a command began: typer was still reading what the commands take.
        raise SystemExit(130) from None
    finally:
        # Nothing is left to be done in order: from here on Ctrl-C ends the process, and says nothing.
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main()
