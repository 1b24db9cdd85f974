"""What becomes of a rule's word and a judgement's word, case by case."""

import pytest

from bot.model import Intent, IntentKind
from bot.routing.combining import SURE_OF_ACTION, CombinedRouter, combined
from bot.routing.judging import Judge, Judgement
from bot.routing.router import RuleRouter, read_message

CANCEL, QUESTION, OTHER = IntentKind.CANCEL_ACCOUNT, IntentKind.QUESTION, IntentKind.OTHER
GDPR, INVOICE, STATUS = IntentKind.GDPR_REQUEST, IntentKind.INVOICE_CORRECTION, IntentKind.STATUS
OVERRULE = 0.8


def judged(kind: IntentKind, chance: float, right: str | None = None) -> Judgement:
    rest = (1 - chance) / (len(IntentKind) - 1)
    return Judgement({**dict.fromkeys(IntentKind, rest), kind: chance}, right)


def rule(kind: IntentKind, reason: str, right: str = "") -> Intent:
    return Intent(kind, {"right": right} if right else {}, reason)


TOPIC = rule(QUESTION, "question:topic")
UNKNOWN = rule(OTHER, "other:nothing-recognised")
STRONG = rule(STATUS, "status:own-request")


@pytest.mark.parametrize(
    ("ruled", "verdict", "kind"),
    [
        # The rule of cancelling stands, whatever the judgement, and nothing else starts it.
        (rule(CANCEL, "cancel:object"), judged(QUESTION, 0.99), CANCEL),
        (rule(CANCEL, "cancel:object"), judged(CANCEL, 0.99), CANCEL),
        (TOPIC, judged(CANCEL, 0.99), QUESTION),
        (STRONG, judged(CANCEL, 0.99), STATUS),
        (UNKNOWN, judged(CANCEL, 0.99), QUESTION),
        # A weak rule gives way to whatever is likelier, to an action only where it is sure enough.
        (UNKNOWN, judged(STATUS, 0.3), STATUS),
        (TOPIC, judged(OTHER, 0.3), OTHER),
        (TOPIC, judged(INVOICE, SURE_OF_ACTION), INVOICE),
        (TOPIC, judged(INVOICE, SURE_OF_ACTION - 0.01), QUESTION),
        (UNKNOWN, judged(GDPR, SURE_OF_ACTION - 0.01), OTHER),
        # A strong rule gives way from the threshold on.
        (STRONG, judged(QUESTION, OVERRULE), QUESTION),
        (STRONG, judged(QUESTION, OVERRULE - 0.01), STATUS),
        (rule(GDPR, "gdpr:erasure", "erasure"), judged(QUESTION, OVERRULE - 0.01), GDPR),
        (rule(GDPR, "gdpr:erasure", "erasure"), judged(QUESTION, OVERRULE), QUESTION),
    ],
)
def test_rule_and_judgement(ruled: Intent, verdict: Judgement, kind: IntentKind) -> None:
    decided = combined(read_message("a message", "en"), ruled, verdict, OVERRULE)
    assert decided.kind is kind
    assert decided.reason


@pytest.mark.parametrize(
    ("ruled", "verdict", "slots"),
    [
        (rule(GDPR, "gdpr:access", "access"), judged(GDPR, 0.9, "erasure"), {"right": "access"}),
        (rule(GDPR, "gdpr:unnamed"), judged(GDPR, 0.9, "erasure"), {"right": "erasure"}),
        (rule(GDPR, "gdpr:unnamed"), judged(GDPR, 0.9), {}),
        (TOPIC, judged(GDPR, 0.9, "objection"), {"right": "objection"}),
        (TOPIC, judged(GDPR, 0.9), {}),
        (TOPIC, judged(INVOICE, 0.9, "objection"), {}),
    ],
)
def test_the_right_is_the_rules_and_else_the_judged_one(
    ruled: Intent, verdict: Judgement, slots: dict[str, str]
) -> None:
    assert combined(read_message("a message", "en"), ruled, verdict, OVERRULE).slots == slots


@pytest.mark.parametrize(("text", "reason"), [("danke, thanks", "thanks"), ("hi there", "greeting")])
def test_judged_smalltalk_is_answered_as_a_greeting_or_as_thanks(text: str, reason: str) -> None:
    decided = combined(read_message(text, "en"), UNKNOWN, judged(IntentKind.SMALLTALK, 0.9), OVERRULE)
    assert decided.reason == f"smalltalk:{reason}"


def test_without_fitting_weights_the_rules_decide_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Judge, "usable", lambda self: False)
    router, rules = CombinedRouter(), RuleRouter()
    for text in ("what is the capital of France", "i want out of this newsletter thing", "prosim pomoč"):
        assert router.route(text, "en") == rules.route(text, "en")


@pytest.mark.parametrize(
    ("text", "decided_by"),
    [
        ("please close my account", "rules"),
        ("i want a copy of all my personal data", "rules"),
        ("how much does it cost?", "rules"),
        ("data portability request", "model"),
        ("please register my data subject request", "model"),
        ("I was sent an invoice with somebody else's address, please make a new one", "model"),
    ],
)
def test_a_decision_says_whether_learned_weights_took_part(text: str, decided_by: str) -> None:
    decided = CombinedRouter().route(text, "en")
    assert decided.decided_by == {"rules": "rules", "model": Judge().name}[decided_by]


@pytest.mark.parametrize("text", ["", "...", "👍", '"please close my account"'])
def test_without_words_of_ones_own_nothing_is_judged(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(*_: object) -> Judgement:
        raise AssertionError("judged")

    monkeypatch.setattr(Judge, "judge", judge)
    assert CombinedRouter().route(text, "en").kind is OTHER
