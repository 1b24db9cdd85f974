"""What the desk says, in English: its readers are staff."""

from actions.model import Level
from bot.model import HandoffReason

REASONS = {
    HandoffReason.ASKED: "asked for a person",
    HandoffReason.UNHELPFUL: "answers did not help",
    HandoffReason.NO_ANSWER: "no answer found twice",
    HandoffReason.ANGER: "is angry",
    HandoffReason.LEGAL_THREAT: "legal threat",
    HandoffReason.RULE: "a rule says staff",
    HandoffReason.DISAGREEMENT: "contradicts a clause",
    HandoffReason.THIRD_PARTY: "a third party's data",
    HandoffReason.REPRESENTATIVE: "speaks for somebody else",
}

LEVELS = {
    Level.ANONYMOUS: "not identified",
    Level.LINKED: "known, not verified now",
    Level.VERIFIED: "verified",
}

REJECTIONS = {
    "unknown-action": "there is no such request",
    "not-staff": "you may not decide here: STAFF does not name you",
    "own-request": "nobody decides on their own request; a colleague has to",
    "not-awaiting-approval": "this request does not wait for approval",
    "too-few-staff": "it takes two members of staff, and STAFF names fewer who may",
    "reason-missing": "a refusal needs a reason, which the customer reads",
}

TAKE_FIRST = "Not sent: nobody holds this conversation. Take it first with /take, then write it again."
WITH_BOT = "Not sent: the assistant answers here now. To write to the customer, /take it and write it again."
HELD = "Not sent: {holder} holds this conversation."
EDITED = "The customer keeps reading what you wrote first. To correct it, write a new message."
FILE = "Not sent: of what is no text, only documents and photos are passed on to customers."
FAILED = "This did not work, and the log says why. See /who for how things stand before you try again."
UNKNOWN = "Not sent: there is no command {command}. See /help."
NO_FILE = "Not sent: this takes words alone, no file."
IN_TOPIC = "{command} works in the topic of a conversation."
OLD_BUTTON = "This button no longer works. See the newest card of the topic."
NOTED = "Noted. The customer does not see it."

REFUSING = "Refusing "
ASK_REASON = (
    REFUSING
    + "{reference}: {name}, reply to this message with the reason. The customer reads it word for word."
)

HELP = """In the topic of a conversation, what you write goes to its customer once you hold it;
in Telegram documents and photos do too.
/take - hold the conversation; the assistant is silent in it
/give @colleague - hand it over
/back - give it back to the assistant
/close - end it; the customer is asked for a rating
/note text - leave a note that stays inside
/canned [name] - send a prepared reply, or list them
/who - who holds it, and who is there
/approve [reference] - let a request pass
/refuse [reference] reason - refuse it; the customer reads the reason
/id - the ids for the settings"""

COMMANDS = {
    "take": "Hold this conversation",
    "give": "Hand it to a colleague: /give @name",
    "back": "Give it back to the assistant",
    "close": "End it and ask for a rating",
    "note": "Leave a note that stays inside",
    "canned": "Send a prepared reply",
    "who": "Who holds it, and who is there",
    "approve": "Let a request pass",
    "refuse": "Refuse a request: /refuse reason",
    "help": "What works here",
}


def reason_word(reason: str | None) -> str:
    return REASONS.get(HandoffReason(reason), reason) if reason else "taken by staff"
