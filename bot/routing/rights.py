"""Which right of a data subject a clause exercises, if any."""

from bot.routing.reading import Clause, Message, Sentence
from bot.routing.requests import asked, conditional, negated, of_another


def right_asked(message: Message) -> str | None:
    """The first right that the message asks for: a value of `slots.right`, or None."""
    if any(
        _withdraws(message, sentence, clause)
        for sentence, clause in message.clauses
        if not conditional(sentence)
    ):
        return "withdraw_consent"
    for sentence, clause in message.clauses:
        if conditional(sentence) or sentence.has("past_ask", "report"):
            continue
        for right, asks in _RIGHTS:
            if asks(message, sentence, clause):
                return right
    return None


def _requested(message: Message, sentence: Sentence, clause: Clause, verb: str) -> bool:
    span = asked(message, sentence, clause, verb)
    return span is not None and not negated(clause, span) and not of_another(clause, span)


def _withdraws(message: Message, sentence: Sentence, clause: Clause) -> bool:
    return sentence.has("consent") and _requested(message, sentence, clause, "withdraw")


def _objects(message: Message, sentence: Sentence, clause: Clause) -> bool:
    if message.asks and not clause.has("please", "you") and not asked(message, sentence, clause, "stop"):
        return False
    pointed = (
        clause.has("it", "verbs.send.mention") and message.has("marketing") and not message.has("account")
    )
    if clause.has("marketing") or pointed:
        verbs = ("stop", "object", "close", "restrict")
        return any(_requested(message, sentence, clause, verb) for verb in verbs)
    return clause.has("data", "processing") and _requested(message, sentence, clause, "object")


def _restricts(message: Message, sentence: Sentence, clause: Clause) -> bool:
    about_data = clause.has("data", "processing") or (message.has("data") and clause.has("it"))
    if not about_data:
        return False
    if _requested(message, sentence, clause, "restrict"):
        return (
            clause.has("verbs.restrict.mention", "verbs.restrict.noun")
            or message.has("keep")
            or not clause.has("processing")
        )
    held_back = clause.has("processing") and (
        _requested(message, sentence, clause, "stop")
        or (clause.has("negator") and not sentence.asks and not clause.has("third"))
    )
    return held_back and message.has("keep")


def _ports(message: Message, sentence: Sentence, clause: Clause) -> bool:
    moved = clause.has("provider", "format", "verbs.transfer.mention", "verbs.transfer.noun") or sentence.has(
        "provider"
    )
    wished = clause.has("format") and clause.has("want") and not sentence.asks and not clause.has("third")
    return clause.has("data") and moved and (wished or _requested(message, sentence, clause, "transfer"))


def _erases(message: Message, sentence: Sentence, clause: Clause) -> bool:
    if clause.has("invoice", "detail_only") and not clause.has("data"):
        return False
    if not (clause.has("data", "everything") or clause.has("verbs.delete.noun")):
        return False
    own = clause.has("me", "mine", "hold") or sentence.has("me", "hold")
    return own and _requested(message, sentence, clause, "delete")


def _rectifies(message: Message, sentence: Sentence, clause: Clause) -> bool:
    if _speaks_of_invoice(message) or not sentence.has("detail", "data"):
        return False
    own = sentence.has("mine", "me", "record")
    if own and _requested(message, sentence, clause, "correct"):
        return True
    stated = clause.has("wrong") and clause.has("detail") and not sentence.asks
    return stated and clause.has("record") and not sentence.hypothetical and not clause.has("third")


def _speaks_of_invoice(message: Message) -> bool:
    return message.has("invoice", "credit_note")


def _informs(message: Message, sentence: Sentence, clause: Clause) -> bool:
    if not (message.has("purpose") and message.has("data") and message.has("me", "mine")):
        return False
    return not clause.has("verbs.send.noun") and _requested(message, sentence, clause, "inform")


def _accesses(message: Message, sentence: Sentence, clause: Clause) -> bool:
    if not message.has("me", "mine", "hold") or not _requested(message, sentence, clause, "send"):
        return False
    if _speaks_of_invoice(message) or clause.has("consent"):
        return False
    listed = clause.has("verbs.send.noun") and message.has("hold") and message.has("me")
    pointed = clause.has("it") and message.has("hold") and message.has("me")
    return (listed or pointed) or (
        message.has("data", "hold") and (sentence.has("me", "hold") or clause.has("verbs.send.noun"))
    )


_RIGHTS = (
    ("objection", _objects),
    ("restriction", _restricts),
    ("portability", _ports),
    ("erasure", _erases),
    ("rectification", _rectifies),
    ("information", _informs),
    ("access", _accesses),
)
