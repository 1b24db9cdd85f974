"""Whether a clause asks for something to be done, and by whom: the forms of a request."""

from bot.routing.lexicon import Span
from bot.routing.reading import Clause, Message, Sentence

# What may stand before an English bare verb for it to be a command.
_BEFORE_A_COMMAND = ("lead", "please", "resume", "greeting", "split", "thanks", "maybe_please", "or")
_FAR = 7
_COMMANDS = ("verbs.stop.imp", "verbs.close.imp", "verbs.send.imp", "verbs.delete.imp", "verbs.correct.imp")


def asked(message: Message, sentence: Sentence, clause: Clause, verb: str) -> Span | None:
    """Where the clause asks for the verb to be done now, or None where it only speaks of it.

    A command, a wish of the first person, a polite question to the second person, or a noun with "please".
    A question word before the verb makes it a question about the thing.
    """
    for form in ("imp", "first", "second", "inf", "noun"):
        for span in clause.spans(f"verbs.{verb}.{form}"):
            if _licensed(message, sentence, clause, form, span) and not _questioned(clause, span):
                return span
    return None


def _licensed(message: Message, sentence: Sentence, clause: Clause, form: str, span: Span) -> bool:
    wished = clause.has("want") and clause.spans("want")[0][0] <= span[0] + _FAR
    polite = clause.has("you", "please")
    match form:
        case "imp" if message.language == "en":
            return in_command_position(clause, span) or _governed(clause, span)
        case "imp" | "first":
            return True
        case "second":
            return wished or polite or clause.has("complement")
        case "inf":
            return (
                wished
                or (polite and message.language in ("en", "et", "lt"))
                or _plea(clause, message.language)
            )
        case _:
            return wished or polite


def _plea(clause: Clause, language: str) -> bool:
    return language == "sl" and clause.has("please") and not clause.has("complement")


def in_command_position(clause: Clause, span: Span) -> bool:
    """Whether an English bare verb opens its clause, but for courtesies, and so is a command."""
    before = {at for start, end in clause.spans(*_BEFORE_A_COMMAND) for at in range(start, end)}
    first = next((at for at in range(span[0]) if at not in before), None)
    if first is None:
        return True
    # "stop billing us and close the account": the second command of two.
    return clause.tokens[span[0] - 1] == "and" and first in {start for start, _ in clause.spans(*_COMMANDS)}


def _governed(clause: Clause, span: Span) -> bool:
    """Whether "I want to", "could you" or "please" stands before the English verb, and near it."""
    return any(end <= span[0] <= end + _FAR for _, end in clause.spans("want", "you", "please"))


def _questioned(clause: Clause, span: Span) -> bool:
    return any(start < span[0] for start, _ in clause.bare("ask", "you", "want"))


def negated(clause: Clause, span: Span) -> bool:
    """Whether a negator stands before the verb, outside the phrase that is the verb itself."""
    return any(end <= span[0] for _, end in clause.spans("negator"))


def of_another(clause: Clause, span: Span) -> bool:
    """Whether somebody else is the subject."""
    return any(start < span[0] for start, _ in clause.bare("third", "you"))


def conditional(sentence: Sentence) -> bool:
    """Whether a request hangs on a condition that makes it a question: "what if", "would you ... if"."""
    return sentence.hypothetical and sentence.asks
