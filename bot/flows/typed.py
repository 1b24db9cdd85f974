"""Words that mean a button: typed where the button was meant, and nowhere taken for an answer.

Only buttons that do nothing have such words; a confirmation has none, and words that take something back
bring no more than the button that does.
"""

from collections.abc import Sequence, Set
from functools import cache

from actions.model import ActionKind
from bot.flows.pending import Waiting
from bot.messages import FALLBACK
from bot.routing.folding import words
from bot.talk import Talk

Words = Sequence[str]


def means_stop(talk: Talk, waiting: Waiting) -> bool:
    """Whether the customer wants to leave this off. "Cancel" does not say so of a cancellation."""
    if _is(talk, "button.stop") or _is(talk, "typed.stop"):
        return True
    return waiting.action is not ActionKind.CANCEL_ACCOUNT and _is(talk, "typed.cancel")


def means_skip(talk: Talk) -> bool:
    """Whether the field that was asked for is to stay as it is."""
    return _is(talk, "button.skip") or _is(talk, "typed.skip")


def means_taking_back(talk: Talk) -> bool:
    """Whether the customer wants undone what was just confirmed."""
    return _is(talk, "typed.back", besides="typed.courtesy")


def _is(talk: Talk, key: str, *, besides: str | None = None) -> bool:
    """Whether the whole message is one of the words that the catalogue lists, apart from marks around it and
    from those `besides`, before and after.

    English ones are known everywhere: a form keeps the language that it was begun in.
    """
    for language in dict.fromkeys((talk.language, FALLBACK)):
        typed = words(talk.text, language)
        phrases = _listed(talk.messages.say(language, key), language)
        around = _listed(talk.messages.say(language, besides), language) if besides else ()
        small = {word for phrase in around for word in phrase}
        if any(_is_all(phrase, typed, small) for phrase in phrases):
            return True
    return False


def _is_all(phrase: Words, typed: Words, small: Set[str]) -> bool:
    """Whether what was typed is the phrase, between small words at most."""
    size = len(phrase)
    return any(
        typed[at : at + size] == phrase and small >= {*typed[:at], *typed[at + size :]}
        for at in range(len(typed) - size + 1)
    )


@cache
def _listed(phrases: str, language: str) -> tuple[Words, ...]:
    """A line of the catalogue; it is read for every message."""
    return tuple(words(phrase, language) for phrase in phrases.split("|"))
