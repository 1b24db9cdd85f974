"""A request that names itself: "I want to file a GDPR request", "I exercise my right of access"."""

from bot.routing.reading import Clause, Message
from bot.routing.requests import asked, conditional, negated, of_another

# The order decides where two are named: to object to marketing is more than to see what is held.
_NAMED = (
    "withdraw_consent", "objection", "restriction", "portability", "erasure", "rectification", "access",
    "information",
)  # fmt: skip


def right_lodged(message: Message) -> str | None:
    """The right that a lodged request names, "" where it names none, None where nothing is lodged."""
    for sentence, clause in message.clauses:
        if conditional(sentence) or sentence.has("past_ask", "report") or clause.has("third"):
            continue
        if sentence.asks and not clause.has("you", "please"):
            continue
        named = next((right for right in _NAMED if clause.has(f"right_{right}")), "")
        if not named and not clause.has("data_request"):
            continue
        span = asked(message, sentence, clause, "lodge")
        if span is None:
            if _bare(clause):
                return named
        elif not negated(clause, span) and not of_another(clause, span):
            return named
    return None


def _bare(clause: Clause) -> bool:
    """Whether it is no more than "a GDPR request, please"."""
    rights = tuple(f"right_{right}" for right in _NAMED)
    return clause.has("want", "please") and clause.covered(
        "data_request", *rights, "want", "please", "lead", "greeting", "mine", "you"
    )
