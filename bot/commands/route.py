"""`clausewise route`: what a message asks for."""

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.batches import read_rows
from bot.commands.running import fail, print_json, settings
from bot.model import Intent


def route(
    text: Annotated[str | None, typer.Argument(help="A customer's message, in quotes.")] = None,
    batch: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help='Many messages: one JSON object a line with "id", "text" and optionally "lang".',
        ),
    ] = None,
    lang: Annotated[
        str | None,
        typer.Option(
            metavar="CODE", help="The message's language (sl, en, ...), if known.", show_default="guessed"
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, for programs; --batch always does.")
    ] = False,
) -> None:
    """Say what a message asks for; no model is used.

    It is one of question, cancel_account, invoice_correction, gdpr_request, talk_to_human, status, smalltalk
    and other. With --batch it prints one object a line, in the order of the file; a row that cannot be used
    gets {"id", "error"}, and the exit status is then 1.
    """
    from bot.language import ProductLanguages
    from bot.routing.combining import CombinedRouter

    if (text is None) == (batch is None):
        fail("give either a message or --batch FILE", 2)
    router, languages = CombinedRouter(), ProductLanguages()
    default = settings().default_language

    def intent_of(message: str, language: str | None) -> Intent:
        return router.route(message, language or languages.guess(message) or default)

    if text is not None:
        intent = intent_of(text, lang)
        if as_json:
            print_json({"intent": intent.kind, "slots": dict(intent.slots), "reason": intent.reason})
        else:
            slots = "".join(f"  {name}={value}" for name, value in intent.slots.items())
            typer.echo(f"{intent.kind}{slots}  ({intent.reason})")
        return
    assert batch is not None
    bad = 0
    for row in read_rows(batch, text="text"):
        if row.error:
            bad += 1
            print_json({"id": row.id, "error": row.error})
            continue
        intent = intent_of(row.values["text"], row.values.get("lang") or lang)
        print_json({"id": row.values["id"], "intent": intent.kind, "slots": dict(intent.slots)})
    if bad:
        raise typer.Exit(1)
