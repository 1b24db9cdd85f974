"""When a message asks to cancel the account. A false start is worse than a missed one: doubt says no."""

from itertools import zip_longest

from bot.routing.lexicon import Span
from bot.routing.objects import CLOSING, only_it, owns, small_words
from bot.routing.reading import Clause, Message, Sentence
from bot.routing.requests import asked, in_command_position

_COMMANDS = ("verbs.close.imp", "verbs.close.second")
_KNOWING = ("verbs.inform.imp", "verbs.inform.inf")
_ACTING = (*CLOSING, "verbs.restrict.imp", "verbs.restrict.inf", "verbs.restrict.mention")

# Forms of wishing that the first person shares with the third.
_PERSONLESS = frozenset(
    ("would", "want", "wanna", "need", "wish", "desire", "expect", "sooviks", "tahaks", "taotleks")
)


def asks_to_cancel(message: Message) -> str | None:
    """The name of what the request is made of, or None where there is none or any doubt of it."""
    if any(sentence.rambling for sentence in message.sentences):
        return None
    if message.has("unclose", "retract") or _negated_anywhere(message) or _taken_back(message):
        return None
    antecedent = False
    for sentence, following in zip_longest(message.sentences, message.sentences[1:]):
        heading = sentence.mark == ":"
        if _plain(sentence) and not (heading and following and following.asks):
            for at in range(len(sentence.clauses)):
                form = _clause_asks(message, sentence, at, antecedent)
                if form:
                    return form
        if heading and not _announces(sentence):
            return None
        antecedent = sentence.has("account", "subscription") and not sentence.has("foreign", "marketing")
    return "cancel:named" if _merely_named(message) else None


def _merely_named(message: Message) -> bool:
    """Whether it is no more than "closure of the account, please"; without the please it may be a topic."""
    clauses = [clause for _, clause in message.clauses]
    if message.asks or message.pasted or not message.has("please") or len(message.sentences) > 2:
        return False
    if message.has(
        "verbs.close.imp", "verbs.close.inf", "verbs.close.second", "verbs.close.first", "want", "or"
    ):
        return False
    named = any(
        clause.has("verbs.close.noun") and clause.has("account", "subscription") for clause in clauses
    )
    inside = (small_words(clause) for clause in clauses)
    return named and all(
        len(known) == len(clause.tokens) for known, clause in zip(inside, clauses, strict=True)
    )


def _announces(sentence: Sentence) -> bool:
    """Whether "...:" only announces the sender's own words; after any other heading they may be anybody's."""
    return all(clause.covered("heading", "greeting", "lead", "mine", "please") for clause in sentence.clauses)


def _plain(sentence: Sentence) -> bool:
    """Whether a sentence is no hypothesis, no intention, no report, no memory and no question of its own."""
    if sentence.hypothetical or sentence.has("maybe", "report", "past_ask", "my_request"):
        return False
    return not any(clause.bare("ask", "you") for clause in sentence.clauses)


def _clause_asks(message: Message, sentence: Sentence, at: int, antecedent: bool) -> str | None:
    clause = sentence.clauses[at]
    verb = asked(message, sentence, clause, "close")
    if verb is None or _doubtful(message, sentence, at, verb):
        return None
    if owns(message.language, clause, verb):
        return "cancel:object"
    named = antecedent or any(_names(earlier) for earlier in sentence.clauses[:at])
    return "cancel:it" if named and only_it(clause) else None


def _names(clause: Clause) -> bool:
    return clause.has("account", "subscription") and not clause.has("foreign", "marketing", "third")


def _doubtful(message: Message, sentence: Sentence, at: int, verb: Span) -> bool:
    clause = sentence.clauses[at]
    if clause.has("negator", "marketing") or clause.bare("third", "you") or _alternative(clause, verb):
        return True
    knowing = [start for concept in _KNOWING for start, _ in clause.bare(concept, "want")]
    if not _directly(message, clause, verb) or any(start < verb[0] for start in knowing):
        return True
    if at and any(start == 0 for start, _ in clause.spans("or")):
        return True
    if message.language == "lt" and any(_lithuanian_no(token) for token in clause.tokens):
        return True
    if sentence.mark == "?" and (message.has("third") or not _polite_question(clause)):
        return True
    if clause.has("probe") and clause.has("you") and not clause.has("mine", "please", "want"):
        return True  # many leave the question mark out: "can you delete an account for inactivity"
    if _anybody_wishes(clause):
        return True
    if verb in clause.spans("verbs.close.noun", "verbs.close.first") and not _opens(clause, verb):
        return True
    if verb in clause.spans("verbs.close.noun") and clause.has("complement") and message.language == "sl":
        return True
    if verb in clause.spans("verbs.close.second") and _merely_stated(sentence, at):
        return True
    commanded = any(verb in clause.spans(form) for form in _COMMANDS)
    if commanded and any(0 <= start - verb[1] <= 1 for start, _ in clause.spans("complement")):
        return True  # "stop asking me to ...": what follows is to be stopped
    if not commanded and message.asks and not clause.has("please", "you"):
        return True
    return any(_dangling(earlier, clause) for earlier in sentence.clauses[:at])


def _anybody_wishes(clause: Clause) -> bool:
    """Whether an unknown word is the subject of a wish: "the director would like to"."""
    first = next((start for start, _ in clause.spans("want")), 0)
    if not first or clause.tokens[first] not in _PERSONLESS:
        return False
    known = small_words(clause) | {at for start, end in clause.spans("small") for at in range(start, end)}
    return first - 1 not in known


def _lithuanian_no(token: str) -> bool:
    """Whether a verb carries its negation as a prefix; "at once" (nedelsiant) does not mean no."""
    return token.startswith("ne") and len(token) > 5 and not token.startswith("nedels")


def _polite_question(clause: Clause) -> bool:
    """Tell "could you close my account?" from "could you close an account without warning?"."""
    return clause.has("you", "please") and clause.has("mine") and not clause.has("probe")


def _opens(clause: Clause, verb: Span) -> bool:
    """Whether only small words stand before it, as they do not in "one more failure and I cancel"."""
    inside = small_words(clause)
    return all(at in inside for at in range(verb[0]))


def _merely_stated(sentence: Sentence, at: int) -> bool:
    """Whether "that you close it" follows no wish: "I am afraid that you will close my account"."""
    opening = sentence.clauses[at].spans("complement")
    led = bool(opening) and opening[0][0] == 0
    return led and not any(clause.has("want", "please", "you") for clause in sentence.clauses[: at + 1])


def _dangling(earlier: Clause, clause: Clause) -> bool:
    """Whether the no of an earlier clause reaches this one: "do not pause, close or delete my account"."""
    no = earlier.spans("negator")
    if not no or len(earlier.tokens) == 1 or earlier.has("unneeded"):
        return False
    if earlier.tokens[-1] == "to" or clause.has("or"):
        return True
    if no[-1][1] == len(earlier.tokens) and not clause.has("resume", "split"):
        return True
    if clause.spans("complement") and clause.spans("complement")[0][0] == 0:
        return True
    return earlier.has(*_ACTING) and not clause.has("resume", "please")


def _directly(message: Message, clause: Clause, verb: Span) -> bool:
    """Whether the verb itself is what is wished for: "send me the form to cancel" wishes for a form."""
    commands = (verb in clause.spans(form) for form in (*_COMMANDS, "verbs.close.first"))
    if any(commands) and (message.language != "en" or in_command_position(clause, verb)):
        return True
    inside = small_words(clause)
    licences = clause.spans("want", "you", "please")
    return any(
        all(at in inside for at in range(min(one[1], verb[1]), max(one[0], verb[0]))) for one in licences
    )


def _alternative(clause: Clause, verb: Span) -> bool:
    """Whether it is a threat: "repair it or close my account"."""
    closing = clause.spans(*CLOSING)
    return any(
        0 < start < verb[0] and not any(end <= start for _, end in closing)
        for start, _ in clause.bare("or", "you", "ask")
    )


def _negated_anywhere(message: Message) -> bool:
    return any(_forbids(clause) for _, clause in message.clauses)


def _forbids(clause: Clause) -> bool:
    closing = clause.spans(*CLOSING)
    if not closing or not any(start < closing[-1][0] + 3 for start, _ in clause.spans("negator")):
        return False
    return clause.has("account", "subscription", "it") or len(clause.tokens) <= 5


def _taken_back(message: Message) -> bool:
    """Whether a later clause is a bare no; ", no longer needed" is a reason."""
    return any(
        at
        and clause.has("negator")
        and clause.covered("negator", "lead", "resume", "please", "thanks", "split")
        and not (clause.has("unneeded") and clause is not sentence.clauses[0])
        for at, (sentence, clause) in enumerate(message.clauses)
    )
