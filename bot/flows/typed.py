"""Words that mean a button: typed where the button was meant, and nowhere taken for an answer.

Only buttons that do nothing have such words; a confirmation has none.
"""

from actions.model import ActionKind
from bot.flows.pending import Waiting
from bot.messages import FALLBACK
from bot.routing.folding import words
from bot.talk import Talk


def means_stop(talk: Talk, waiting: Waiting) -> bool:
    """Whether the customer wants to leave this off. "Cancel" does not say so of a cancellation."""
    if _is(talk, "button.stop") or _is(talk, "typed.stop"):
        return True
    return waiting.action is not ActionKind.CANCEL_ACCOUNT and _is(talk, "typed.cancel")


def means_skip(talk: Talk) -> bool:
    """Whether the field that was asked for is to stay as it is."""
    return _is(talk, "button.skip") or _is(talk, "typed.skip")


def _is(talk: Talk, key: str) -> bool:
    """Whether the whole message is one of the words that the catalogue lists, apart from marks around it.

    English ones are known everywhere: a form keeps the language that it was begun in.
    """
    for language in dict.fromkeys((talk.language, FALLBACK)):
        typed = words(talk.text, language)
        if any(typed == words(phrase, language) for phrase in talk.messages.say(language, key).split("|")):
            return True
    return False
