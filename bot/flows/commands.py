"""Words that begin with a slash: the same in every channel that does not keep them for itself."""

from actions.model import Right
from bot.config import LANGUAGES
from bot.flows.acting import Acting
from bot.flows.pending import waiting_from
from bot.flows.people import People
from bot.talk import Talk

NAMES = ("help", "language", "status", "person", "privacy", "cancel")
"""Those that a menu lists; /start is /help."""
_OFFERED = (Right.ACCESS, Right.ERASURE)


def command_of(text: str) -> tuple[str, str] | None:
    """The command, in small letters and without the bot's name, and what stands after it."""
    first, _, rest = text.strip().partition(" ")
    if not first.startswith("/"):
        return None
    return first[1:].partition("@")[0].lower(), rest.strip()


class Commands:
    """Carries commands out."""

    def __init__(self, acting: Acting, people: People) -> None:
        self._acting = acting
        self._people = people

    async def took(self, talk: Talk) -> bool:
        """Whether the text is one of the commands; then it is done."""
        found = command_of(talk.text)
        if found is None:
            return False
        name, argument = found
        match name:
            case "start" | "help":
                talk.tell("help.text")
            case "language":
                self._language(talk, argument.lower())
            case "status":
                await self._acting.status(talk)
            case "person":
                self._people.ask(talk)
            case "privacy":
                rights = [talk.button("right", f"button.right.{right}", right=right) for right in _OFFERED]
                talk.tell("privacy.text", *rights)
            case "cancel":
                await self._stop(talk)
            case _:
                return False
        return True

    def _language(self, talk: Talk, wanted: str) -> None:
        if wanted in LANGUAGES:
            speak(talk, wanted)
            return
        buttons = [
            talk.button("language", "", text=talk.messages.language_name(code, code).capitalize(), code=code)
            for code in LANGUAGES
        ]
        names = (f"{talk.say(f'language_name.{code}')} ({code})" for code in LANGUAGES)
        talk.tell("language.list", *buttons, languages=", ".join(names))

    async def _stop(self, talk: Talk) -> None:
        waiting = waiting_from(talk.pending)
        if waiting is None:
            talk.tell("cancel.nothing")
        else:
            await self._acting.stop(talk, waiting)


def speak(talk: Talk, language: str) -> None:
    """Answer in this language from now on, whatever a message is written in."""
    conversation = talk.received.conversation
    conversation.language, conversation.language_chosen = language, True
    talk.language = language
    talk.tell("language.changed")
