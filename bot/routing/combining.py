"""Rules and encoder together: what is sure stays, what is weak is judged, and only a rule may cancel."""

from collections.abc import Callable
from dataclasses import replace

import structlog

from bot.model import Intent, IntentKind
from bot.routing.judging import Judge, Judgement
from bot.routing.reading import Message
from bot.routing.router import decided, read_message

log = structlog.get_logger()

# What these rules say is what is left when nothing better is known.
WEAK = frozenset(("question:asked", "question:topic", "other:nothing-recognised"))
# No words of the sender's own: there is nothing to judge.
SILENT = frozenset(("other:no-words", "other:only-pasted"))
ACTIONS = frozenset((IntentKind.INVOICE_CORRECTION, IntentKind.GDPR_REQUEST))
# An action that no rule knows is proposed from this chance on; below it the rule's answer stands.
SURE_OF_ACTION = 0.5

Judging = Callable[[str, Message, str], Judgement]


class CombinedRouter:
    """Implements `bot.ports.Router`. Where the learned weights do not fit the encoder, rules decide alone."""

    def __init__(self) -> None:
        self._judge = Judge()
        self._usable: bool | None = None

    def route(self, text: str, language: str | None) -> Intent:
        """Decide what a message asks for. `language` is a hint: the words decide where they are clear."""
        message = read_message(text, language)
        intent = decided(message)
        if intent.reason in SILENT or not self._can_judge():
            return intent
        judged = self._judge.judge(text, message, intent.reason)
        found = combined(message, intent, judged, self._judge.overrule)
        return intent if found is intent else replace(found, decided_by=self._judge.name)

    def _can_judge(self) -> bool:
        """Asked at the first message, so that the encoder's loading does not delay the start."""
        if self._usable is None:
            self._usable = self._judge.usable()
            if not self._usable:
                log.warning("routing-weights-stale", hint="run python -m bot.routing.learning")
        return self._usable


def combined(message: Message, rule: Intent, judged: Judgement, overrule: float) -> Intent:
    """Decide between a rule and a judgement; `rule` itself comes back where the judgement changes nothing.

    Cancelling starts by its rule alone, whatever the judgement: words that look like it are more often
    about it. A judgement may replace any other rule: a weak one when it is likelier, a strong one from
    the chance `overrule` on.
    """
    if rule.kind is IntentKind.CANCEL_ACCOUNT:
        return rule
    kind, chance = judged.best()
    if kind is IntentKind.CANCEL_ACCOUNT:
        return _unstarted(rule)
    if kind is rule.kind:
        return _named(rule, judged)
    needed = overrule if rule.reason not in WEAK else SURE_OF_ACTION if kind in ACTIONS else 0.0
    return _judged(message, kind, judged) if chance >= needed else rule


def _unstarted(rule: Intent) -> Intent:
    """It speaks of closing an account and no rule lets it start: the documents say how that is done."""
    if rule.reason != "other:nothing-recognised":
        return rule
    return Intent(IntentKind.QUESTION, reason="question:of-cancelling")


def _named(rule: Intent, judged: Judgement) -> Intent:
    """Add the right to a request whose rule found none; a request that names none stays open."""
    named = rule.kind is not IntentKind.GDPR_REQUEST or rule.slots or judged.right is None
    return rule if named else Intent(rule.kind, {"right": judged.right or ""}, rule.reason)


def _judged(message: Message, kind: IntentKind, judged: Judgement) -> Intent:
    if kind is IntentKind.SMALLTALK:
        parting = message.has("thanks", "bye") and not message.has("greeting")
        return Intent(kind, reason="smalltalk:thanks" if parting else "smalltalk:greeting")
    right = judged.right if kind is IntentKind.GDPR_REQUEST else None
    return Intent(kind, {"right": right} if right else {}, f"judged:{kind}")
