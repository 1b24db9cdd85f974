"""What in a message brings a person into the conversation, whatever else the message asks for.

Rules over lexicon/handoff.*.toml. They read a sentence at a time and leave out what is quoted or forwarded.
A sentence that asks about a right or a court is a question, and the documents answer it.
"""

from bot.model import HandoffReason
from bot.routing.lexicon import Hits, Lexicon, Span, lexicon
from bot.routing.reading import Sentence, read
from bot.routing.router import reading_language

_NEXT = 1
_NEAR = 2
_CLOSE = 3
_WITHIN = 5
_FAR = 8


def trigger(text: str, language: str | None) -> HandoffReason | None:
    """The gravest reason that the message gives. `language` is a hint, as for the router."""
    book = lexicon(reading_language(text, language), "handoff")
    message = read(text, book)
    found = [_Said(sentence, book, "@" in text) for sentence in message.sentences]
    return next((reason for reason, says in _REASONS if any(says(said) for said in found)), None)


class _Said:
    """One sentence, read across its commas.

    `addressed` says that the message names somebody by an address, which is not among the words.
    """

    def __init__(self, sentence: Sentence, book: Lexicon, addressed: bool) -> None:
        self.addressed = addressed
        self.tokens = tuple(token for clause in sentence.clauses for token in clause.tokens)
        self.hits: Hits = book.hits(self.tokens)
        opens = any(start == 0 for start, _ in self.hits.get("ask_first", ()))
        self.asks = sentence.mark == "?" or opens or "ask" in self.hits

    def has(self, *concepts: str) -> bool:
        return any(concept in self.hits for concept in concepts)

    def states(self, concept: str) -> bool:
        """Whether it says so, and does not only ask about it or mean it otherwise."""
        if self.has(f"{concept}_not"):
            return False
        return self.has(f"{concept}_always") or (self.has(concept) and not self.asks)

    def near(self, left: str, right: str, apart: int) -> bool:
        """Whether at most `apart` words stand between the two, whichever comes first."""
        pairs = ((a, b) for a in self.hits.get(left, ()) for b in self.hits.get(right, ()))
        return any(a != b and _apart(a, b) <= apart for a, b in pairs)

    def before(self, left: str, right: str, apart: int) -> bool:
        """Whether the right one begins at most `apart` words after the left one."""
        pairs = ((a, b) for a in self.hits.get(left, ()) for b in self.hits.get(right, ()))
        return any(0 <= b[0] - a[1] <= apart for a, b in pairs)


def _apart(left: Span, right: Span) -> int:
    return max(left[0], right[0]) - min(left[1], right[1])


def _threatens(said: _Said) -> bool:
    if said.states("legal"):
        return True
    return not said.asks and not said.has("legal_not") and said.near("act", "venue", _WITHIN)


def _represents(said: _Said) -> bool:
    if said.states("behalf"):
        return True
    if said.has("behalf_not"):
        return False
    if said.near("kin", "died", _FAR) or (said.has("unasked") and said.near("kin", "deed", _CLOSE)):
        return True
    return said.near("kin", "acting", _NEAR)


def _of_another(said: _Said) -> bool:
    if said.states("third"):
        return True
    if said.has("third_not"):
        return False
    return _wants_what_is_anothers(said) or _asks_about_another(said) or _got_what_is_anothers(said)


def _wants_what_is_anothers(said: _Said) -> bool:
    """Data or a new password of somebody who stands in the sentence as an owner."""
    if said.has("give") and said.near("other", "thing", _NEAR):
        return True
    if said.has("subject_not"):
        return False
    needs = said.before("need", "relation", 0) and said.near("relation", "private", _NEXT)
    resets = said.has("reset") and said.near("dative", "secret", _NEAR)
    if needs or resets:
        return True
    return said.has("what", "give") and said.near("relation", "private", _NEXT)


def _asks_about_another(said: _Said) -> bool:
    """What somebody else did, has or where they live; what they may do is a question about the product."""
    if said.addressed and (said.has("owner") or (said.has("give") and said.near("named", "private", _NEAR))):
        return True
    if said.has("subject_not"):
        return False
    asked = said.before("whether", "subject", _CLOSE) or said.before("deed", "whether_after", _NEXT)
    did = asked and said.near("subject", "deed", _CLOSE)
    has = said.has("what") and said.near("subject", "private", _NEAR)
    return did or has or (said.asks and said.near("subject", "lives", _NEAR))


def _got_what_is_anothers(said: _Said) -> bool:
    return (said.has("give") or not said.asks) and said.near("stranger", "private", _NEXT)


def _is_angry(said: _Said) -> bool:
    if said.has("anger_not"):
        return False
    return said.has("anger") or (not said.asks and said.near("bad", "yours", _NEAR))


# The gravest first.
_REASONS = (
    (HandoffReason.LEGAL_THREAT, _threatens),
    (HandoffReason.REPRESENTATIVE, _represents),
    (HandoffReason.THIRD_PARTY, _of_another),
    (HandoffReason.ANGER, _is_angry),
)
