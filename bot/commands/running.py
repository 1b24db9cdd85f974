"""What every command shares: settings, running a coroutine, progress, and errors as sentences."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from bot.config import LANGUAGES, Settings

Result = TypeVar("Result")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs, and nothing else.")]


def settings() -> Settings:
    """Read the environment and `.env`; a wrong value is named, with what it must be."""
    from pydantic import ValidationError

    try:
        return Settings()
    except ValidationError as error:
        for fault in error.errors():
            name = "_".join(str(part) for part in fault["loc"]).upper()
            reason = fault["msg"].removeprefix("Value error, ")
            note(
                f"clausewise: the setting {name} cannot be used: {reason}. "
                "Correct it in the environment or in .env; .env.example explains it."
            )
        raise typer.Exit(2) from None
    except (OSError, UnicodeDecodeError) as error:
        fail(f"the file .env cannot be read ({error}). Save it as UTF-8 text, or remove it.", 2)


def call(work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run to the end and return the result. An error is a sentence on stderr and ends the command."""
    from actions.errors import ActionsError, PolicyError
    from bot.errors import BotError, ConfigurationError
    from knowledge.errors import KnowledgeError

    going_on = work()
    try:
        return asyncio.run(going_on)
    except (typer.Exit, typer.Abort):
        raise
    except ConfigurationError as error:
        fail(str(error), 2)
    except PolicyError as error:
        fail(f"{error}. POLICIES_FILE and the COMPANY settings are explained in .env.example.", 2)
    except (BotError, KnowledgeError, ActionsError) as error:
        fail(str(error))
    except BrokenPipeError:
        # Whoever read stdout has gone; what is still buffered must not complain about it at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except Exception as error:
        _unexpected(error)
    finally:
        # Interrupted before its first step, it would be called forgotten on the way out.
        going_on.close()


def run(work: Callable[[], Coroutine[Any, Any, int | None]]) -> NoReturn:
    """Run to the end and leave with the exit status that comes of it."""
    raise typer.Exit(call(work) or 0)


def _unexpected(error: Exception) -> NoReturn:
    """A bug, or a machine in trouble (a full disk): one line, and the whole of it where it is asked for."""
    if settings().log_level == "debug":
        raise error
    said = (str(error).splitlines() or [""])[0][:300]
    fail(f"something went wrong: {type(error).__name__}: {said}. LOG_LEVEL=debug shows where.")


def fail(message: str, status: int = 1) -> NoReturn:
    note(f"clausewise: {message}")
    raise typer.Exit(status) from None


def print_json(value: object) -> None:
    """One object on one line, flushed, so that a program may read as it comes.

    Characters that stdout cannot encode, and lone surrogates, are written as JSON's own escapes.
    """
    line = json.dumps(value, ensure_ascii=False)
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        line = json.dumps(value)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def note(message: str) -> None:
    """Progress and remarks go to stderr; stdout is for results."""
    typer.echo(message, err=True)


def one_of_ours(language: str | None) -> str | None:
    """Check an option that names a language that the assistant itself speaks."""
    if language is not None and language not in LANGUAGES:
        raise typer.BadParameter(f"{language!r} is not one of {', '.join(LANGUAGES)}.")
    return language


class Counting:
    """Where a long work is told how far it is; shows nothing itself."""

    def __call__(self, name: str) -> None:
        """Begin the next piece of the work."""

    def part(self, name: str, done: int, of: int) -> None:
        """Say how far a long piece is."""


@contextmanager
def counting(what: str, total: int | None = None) -> Iterator[Counting]:
    """Show how far a long work is, on stderr and only where that is a terminal; gone when it ends.

    Gives a function to call with the name of each piece before it is done.
    """
    if not sys.stderr.isatty():
        yield Counting()
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        SpinnerColumn,
        TextColumn,
    )

    columns: list[ProgressColumn] = [SpinnerColumn(), TextColumn("{task.description}")]
    if total:
        columns += [BarColumn(bar_width=24), MofNCompleteColumn()]
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)

        class Shown(Counting):
            begun = False

            def __call__(self, name: str) -> None:
                progress.update(task, advance=int(self.begun), description=f"{what} {escape(name)}")
                self.begun = True

            def part(self, name: str, done: int, of: int) -> None:
                progress.update(task, description=f"{what} {escape(name)}, clause {done} of {of}")

        yield Shown()
