"""Message -> Intent without a model: a decision list, read from the top. Every decision names its rule."""

from collections.abc import Callable

from bot.config import LANGUAGES
from bot.model import Intent, IntentKind
from bot.routing.cancelling import asks_to_cancel
from bot.routing.folding import CYRILLIC, words
from bot.routing.lexicon import lexicon
from bot.routing.lodging import right_lodged
from bot.routing.reading import Clause, Message, Sentence, read
from bot.routing.requests import asked, conditional, negated, of_another
from bot.routing.rights import right_asked

Rule = Callable[[Message], Intent | None]
_BRIEF = 10
_SHORT = 20
_CORRECTING = tuple(f"verbs.correct.{form}" for form in ("imp", "inf", "second", "noun", "mention"))


class RuleRouter:
    """Implements `bot.ports.Router`: deterministic, in linear time, with the reason in the intent."""

    def route(self, text: str, language: str | None) -> Intent:
        """Decide what a message asks for. `language` is a hint: the words decide where they are clear."""
        return decided(read_message(text, language))


def read_message(text: str, language: str | None) -> Message:
    return read(text, lexicon(reading_language(text, language)))


def decided(message: Message) -> Intent:
    """What the first rule that knows the message says of it."""
    for rule in _RULES:
        intent = rule(message)
        if intent is not None:
            return intent
    return Intent(IntentKind.OTHER, reason="other:nothing-recognised")


def reading_language(text: str, hint: str | None) -> str:
    """The lexicon to read a message with: the hinted one unless another knows clearly more of its words."""
    if CYRILLIC.search(text):
        return "bg"
    counts = {code: _familiar(text, code) for code in LANGUAGES}
    best = max(counts, key=lambda code: (counts[code], code == hint, code == "en"))
    if hint not in counts:
        return best
    return best if counts[best] >= counts[hint] * 1.5 + 2 else hint


def _familiar(text: str, language: str) -> int:
    book = lexicon(language)
    return sum(book.knows(word) for word in words(text[:400], language) if len(word) > 1)


def _wordless(message: Message) -> Intent | None:
    if message.size:
        return None
    return Intent(IntentKind.OTHER, reason="other:only-pasted" if message.pasted else "other:no-words")


def _smalltalk(message: Message) -> Intent | None:
    social = ("greeting", "thanks", "bye", "chitchat")
    if message.size > _BRIEF or not message.has(*social):
        return None
    if all(clause.covered(*social, "filler", "lead") for _, clause in message.clauses):
        parting = message.has("thanks", "bye") and not message.has("greeting")
        reason = "smalltalk:thanks" if parting else "smalltalk:greeting"
        return Intent(IntentKind.SMALLTALK, reason=reason)
    if message.has("thanks") and not message.asks and not message.concepts - _SOCIABLE:
        return Intent(IntentKind.SMALLTALK, reason="smalltalk:thanks")
    return None


_SOCIABLE = frozenset((
    "greeting", "thanks", "bye", "chitchat", "filler", "lead", "small", "mine", "me", "adjective", "it",
    "resume", "split", "everything", "already", "live", "record", "person", "third", "righted", "pending",
))  # fmt: skip


def _person(message: Message) -> Intent | None:
    for sentence, clause in message.clauses:
        called = clause.has("verbs.talk.imp") and message.size <= _BRIEF and not message.asks
        if clause.has("superior") and (called or (clause.has("want") and clause.has("verbs.talk.inf"))):
            return Intent(IntentKind.TALK_TO_HUMAN, reason="human:superior-wanted")
        if clause.has("machine") and clause.has("refuse") and message.size <= _SHORT:
            return Intent(IntentKind.TALK_TO_HUMAN, reason="human:no-machine")
        if not clause.has("person") or (clause.has("past_ask") and sentence.has("pending")):
            continue
        if _wants_person(message, sentence, clause):
            return Intent(IntentKind.TALK_TO_HUMAN, reason="human:person-wanted")
    return None


def _wants_person(message: Message, sentence: Sentence, clause: Clause) -> bool:
    talking = sentence.has("verbs.talk.imp", "verbs.talk.inf", "verbs.talk.mention")
    subject = clause.has("topic", "account") and not clause.has("verbs.talk.inf", "verbs.talk.imp")
    if message.size <= 3 and not subject and not clause.has("ask", "negator", "third"):
        return True
    if clause.has("live") and message.size <= _BRIEF and not subject and not clause.has("negator"):
        return True
    if subject or (sentence.hypothetical and sentence.asks):
        return False
    forbidden = clause.spans("negator") and not message.has("machine")
    if talking:
        return not forbidden
    return clause.has("want", "please") and len(clause.tokens) <= 8 and not forbidden


def _status(message: Message) -> Intent | None:
    for sentence in message.sentences:
        if sentence.hypothetical or any(clause.bare("report", "past_ask") for clause in sentence.clauses):
            continue
        waiting = message.has("pending") or message.asks
        if sentence.has("my_request") and waiting:
            return Intent(IntentKind.STATUS, reason="status:own-request")
        if sentence.has("past_ask") and waiting:
            return Intent(IntentKind.STATUS, reason="status:asked-before")
        if sentence.mark == "?" and sentence.has("already") and sentence.has("mine") and sentence.has(*_DONE):
            return Intent(IntentKind.STATUS, reason="status:done-already")
    return None


_DONE = (
    "verbs.close.mention",
    "verbs.close.noun",
    "verbs.delete.mention",
    "verbs.correct.mention",
    "verbs.delete.noun",
)


def _cancel(message: Message) -> Intent | None:
    form = asks_to_cancel(message)
    return Intent(IntentKind.CANCEL_ACCOUNT, reason=form) if form else None


def _right(message: Message) -> Intent | None:
    right = right_asked(message) or right_lodged(message)
    if right is None:
        return None
    return Intent(IntentKind.GDPR_REQUEST, {"right": right} if right else {}, f"gdpr:{right or 'unnamed'}")


def _invoice(message: Message) -> Intent | None:
    for sentence, clause in message.clauses:
        if conditional(sentence) or (sentence.has("past_ask", "report") and not sentence.has("wrong")):
            continue
        reason = _corrects(message, sentence, clause)
        if reason:
            return Intent(IntentKind.INVOICE_CORRECTION, reason=f"invoice:{reason}")
    return None


def _corrects(message: Message, sentence: Sentence, clause: Clause) -> str | None:
    if not message.has("invoice", "credit_note"):
        return None
    if sentence.has("credit_note") and any(
        _requested(message, sentence, clause, verb) for verb in ("issue", "send")
    ):
        return "credit-note"
    if clause.has("credit_note") and clause.has("want", "please") and not clause.bare("ask", "you"):
        return None if clause.has("negator", "third") else "credit-note"
    if _requested(message, sentence, clause, "correct"):
        return "correct"
    renewed = clause.has("verbs.issue.noun", "verbs.issue.mention") or sentence.has("wrong", "detail")
    if renewed and clause.has("invoice") and _requested(message, sentence, clause, "issue"):
        return "reissue"
    return _stated(message, sentence, clause)


def _stated(message: Message, sentence: Sentence, clause: Clause) -> str | None:
    """A complaint alone asks for it ("the invoice names the old company"); so does naming the new data."""
    if not sentence.has("invoice") or sentence.hypothetical or clause.has("third"):
        return None
    if clause.has("may_have") and clause.has("invoice") and clause.has("righted"):
        return "corrected-wanted"
    if clause.bare("ask", "you") or clause.bare("negator", "wrong"):
        return None
    wrong, detailed = sentence.has("wrong"), sentence.has("detail")
    if wrong and not sentence.asks and (detailed or sentence.size <= _SHORT):
        return "stated-wrong"
    if clause.has("wrong") and clause.has("detail") and message.has(*_CORRECTING):
        return "wrong-and-changeable"
    wished = clause.has("want") and clause.has("invoice") and clause.has("detail")
    return (
        "wanted-with-detail" if wished and not sentence.asks and not clause.has("verbs.inform.inf") else None
    )


def _requested(message: Message, sentence: Sentence, clause: Clause, verb: str) -> bool:
    span = asked(message, sentence, clause, verb)
    return span is not None and not negated(clause, span) and not of_another(clause, span)


def _fault(message: Message) -> Intent | None:
    return Intent(IntentKind.OTHER, reason="other:product-fault") if message.has("fault") else None


def _outside(message: Message) -> Intent | None:
    if message.has("outside") and not message.has("account", "data", "invoice"):
        return Intent(IntentKind.OTHER, reason="other:outside")
    return None


def _product(message: Message) -> Intent | None:
    if message.has("howto") and not message.has("topic"):
        return Intent(IntentKind.OTHER, reason="other:product-use")
    return None


def _question(message: Message) -> Intent | None:
    if message.asks:
        return Intent(IntentKind.QUESTION, reason="question:asked")
    if message.has("topic", "account", "subscription", "invoice"):
        return Intent(IntentKind.QUESTION, reason="question:topic")
    return None


_RULES: tuple[Rule, ...] = (
    _wordless, _smalltalk, _person, _status, _cancel, _invoice, _right, _fault, _outside, _product, _question,
)  # fmt: skip
