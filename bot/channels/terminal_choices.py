"""Buttons as numbered choices, and slash commands: what a typed line means. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.channels.hygiene import clean
from bot.model import Button, ConversationState

# In these a bare number may be the very thing that was asked for.
EXPECTS_TYPING = (
    ConversationState.AWAITING_EMAIL,
    ConversationState.AWAITING_CODE,
    ConversationState.AWAITING_DETAILS,
)
OF_EVERY_CHANNEL = ("start", "status", "person", "privacy", "cancel")
"""Commands that the turn carries out; /start comes with a link's token."""
_NUMBER = re.compile(r"(#?)([1-9][0-9]?)[).]?")
_COMMAND = re.compile(r"/([A-Za-z_]{1,32})(?:[ \t]+([^\n]*))?")


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command as typed; whether it exists is for its reader to say."""

    name: str
    argument: str = ""


@dataclass(slots=True)
class Choices:
    """The buttons on the table, numbered from 1, and where the conversation stands."""

    buttons: list[Button] = field(default_factory=list)
    state: ConversationState = ConversationState.OPEN

    def offer(self, buttons: Iterable[Button]) -> list[str]:
        """Put buttons on the table; return how each is written: "1) Stop", or "#1 Stop" while text is due.

        Where the labels are themselves 1, 2, 3 ..., as in a rating, each is pressed by its own number: they
        take the place of what lay there.
        """
        lines, buttons = [], list(buttons)
        if buttons and [button.label for button in buttons] == [str(n + 1) for n in range(len(buttons))]:
            self.clear()
        for button in buttons:
            self.buttons.append(button)
            number = len(self.buttons)
            mark = f"#{number}" if self.state in EXPECTS_TYPING else f"{number})"
            lines.append(mark if button.label == str(number) else f"{mark} {clean(button.label)}")
        return lines

    def clear(self) -> None:
        self.buttons.clear()

    def pressed(self, line: str) -> Button | None:
        """The button that a line stands for, if it is one's number. "#1" always is, "1" where nothing
        else can be meant by it."""
        found = _NUMBER.fullmatch(line.strip())
        if found is None or (not found[1] and self.state in EXPECTS_TYPING):
            return None
        number = int(found[2])
        return self.buttons[number - 1] if number <= len(self.buttons) else None


def command_of(line: str) -> Command | None:
    """The command that a line is, if it is one."""
    found = _COMMAND.fullmatch(line.strip())
    return Command(found[1].lower(), (found[2] or "").strip()) if found else None
