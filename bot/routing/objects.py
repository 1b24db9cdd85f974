"""What a verb of closing acts on: the account itself, the subscription, all of it, or something else."""

from collections.abc import Mapping

from bot.routing.lexicon import Span
from bot.routing.reading import Clause

CLOSING = tuple(f"verbs.close.{form}" for form in ("imp", "inf", "second", "first", "noun", "mention"))
_DELETING = ("verbs.delete.imp", "verbs.delete.inf", "verbs.delete.second")
_OBJECTS = ("account", "subscription", "everything")
_EMPTY = (
    "lead",
    "please",
    "want",
    "you",
    "resume",
    "greeting",
    "thanks",
    "mine",
    "split",
    "complement",
    "it",
)
# English possessives lose their apostrophe in folding: "Bob's account" is not the sender's, these may be.
_NOT_POSSESSIVE = frozenset(
    ("this", "business", "companys", "firms", "teams", "organisations", "organizations")
)
# "end the month on the pro plan" ends the month.
_APART = frozenset(("on", "in", "at", "by", "with", "for", "since"))
# Where a name may be put before or after what it belongs to, without a preposition.
_LEADING = frozenset(("en", "lt", "et"))
# Prepositions that make the account the place of something else, in the form that words are folded to.
_ABOUT = {
    "sl": frozenset(("na", "v", "pri", "o", "ob")),
    "bg": frozenset(("v", "vav", "vuv", "po", "pri", "kam", "kum")),
}
_ABOUT_ACCOUNTS = {"sl": _ABOUT["sl"] | {"iz", "z", "s", "od"}, "bg": _ABOUT["bg"] | {"ot"}}


def owns(language: str, clause: Clause, verb: Span) -> bool:
    """Whether the verb's object is the account, the subscription or all of it, and nothing else's."""
    if language in _LEADING and _leads_on(language, clause, verb):
        return False
    foreign = tuple(span for span in clause.bare("foreign", "want") if span != verb)
    for start, end in clause.spans("account"):
        low, high = min(verb[0], start), max(verb[1], end)
        between = any(low <= left and right <= high for left, right in foreign)
        others = language == "en" and start and _possessive(clause.tokens[start - 1])
        others = others or (clause.tokens[start] == "accounts" and end < len(clause.tokens))
        followed = any(left == end or (left > end and "of" in clause.tokens[end:left]) for left, _ in foreign)
        # Slovenian has one word for an account and an invoice; only the invoice has a number.
        followed = followed or (language == "sl" and any(map(_numbers, clause.tokens[end : end + 1])))
        others = others or _placed(language, clause, start, _ABOUT_ACCOUNTS)
        if not (between or others or followed) and _adjoining(clause, verb, (start, end)):
            return True
    if foreign:
        return False
    if clause.has("subscription"):
        return any(
            _adjoining(clause, verb, thing) and not _placed(language, clause, thing[0], _ABOUT)
            for thing in clause.spans("subscription")
        )
    return clause.has("everything") and _nothing_but("everything", clause, 1)


def _leads_on(language: str, clause: Clause, verb: Span) -> bool:
    """Whether a word follows that may be the real object: "the account picture", "konto üleviimine"."""
    things = clause.spans("account", "subscription")
    ends = [end for _, end in things]
    # "You closed my account" tells, "I want my account closed" asks; "the contract end" is a date.
    done = clause.tokens[verb[1] - 1].endswith("ed")
    if language == "en" and verb in clause.spans("verbs.close.noun" if done else "verbs.close.imp"):
        behind = [verb[1] <= start for start, _ in things]
        if behind and (any(behind) if done else not any(behind)):
            return True
    if verb in clause.spans("verbs.close.noun"):
        ends.append(verb[1])
    inside = small_words(clause)
    if language == "en":
        inside |= {at for start, end in clause.spans("small") for at in range(start, end)}
    return any(end < len(clause.tokens) and end not in inside for end in ends)


def _placed(language: str, clause: Clause, at: int, prepositions: Mapping[str, frozenset[str]]) -> bool:
    """Whether a preposition makes it a place: "cancel the discount on my account"."""
    own = {inside for start, end in clause.spans("mine") for inside in range(start, end)}
    while at - 1 in own:
        at -= 1
    return at > 0 and clause.tokens[at - 1] in prepositions.get(language, ())


def _numbers(token: str) -> bool:
    return token.isdigit() and len(token) > 2


def _adjoining(clause: Clause, verb: Span, thing: Span) -> bool:
    """Whether only small words stand between: "cancel the change of my plan" leaves the plan as it is."""
    inside = small_words(clause)

    def near(one: Span, other: Span) -> bool:
        return all(at in inside for at in range(min(one[1], other[1]), max(one[0], other[0])))

    # A second verb may hold the object for the first, "cancel and delete my account".
    if thing[0] > verb[1] and not _APART.isdisjoint(clause.tokens[verb[1] : thing[0]]):
        return False
    return any(near(one, thing) and near(one, verb) for one in (verb, *clause.spans(*CLOSING[:-1])))


def small_words(clause: Clause) -> set[int]:
    known = clause.spans(*_EMPTY, *CLOSING, *_OBJECTS, "adjective", "or", "courtesy_if")
    digits = {at for at, token in enumerate(clause.tokens) if token.isdigit()}
    return digits | {at for start, end in known for at in range(start, end)}


def _possessive(token: str) -> bool:
    return len(token) > 2 and token.endswith("s") and token not in _NOT_POSSESSIVE


def only_it(clause: Clause) -> bool:
    return clause.has("it") and not clause.has("foreign") and _nothing_but("it", clause, 2)


def _nothing_but(concept: str, clause: Clause, unknown: int) -> bool:
    """Whether hardly a word stands beside the verb and its object; "delete everything" speaks of data."""
    inside = {at for start, end in clause.spans(concept, *CLOSING, *_EMPTY) for at in range(start, end)}
    return len(clause.tokens) - len(inside) <= unknown and not (concept != "it" and clause.has(*_DELETING))
