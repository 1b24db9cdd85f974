"""How a reply looks in a terminal: bold, a bar beside a quote, links where the terminal can; else plain."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.style import Style
from rich.text import Text

from bot.channels.hygiene import clean
from bot.model import Block, BlockKind, Reply

_LINK = re.compile(r"https?://[^\s<>\"“”]+[^\s<>\"“”.,;:!?)]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_STYLES: dict[BlockKind, str] = {
    "say": "",
    "lead": "bold",
    "quote": "",
    "source": "dim",
    "note": "dim",
    "card": "",
    "receipt": "",
    "person": "cyan",
}
_HEADED: tuple[BlockKind, ...] = ("card", "receipt")
_BAR = "│ "


def make_console() -> Console:
    """A console on whatever sys.stdout is at the time; with NO_COLOR set, no escape sequence at all."""
    console = Console(highlight=False, markup=False, emoji=False)
    if console.no_color:
        return Console(color_system=None, highlight=False, markup=False, emoji=False)
    return console


class Screen:
    """Prints. Nothing reaches the terminal that was not cleaned."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._styled = console.is_terminal and console.color_system is not None

    def show(self, reply: Reply, choices: Iterable[str] = ()) -> None:
        """Show a reply, paragraph by paragraph, and its buttons as choices."""
        self._line()
        for index, block in enumerate(reply.blocks):
            if index:
                self._line()
            self._block(block)
        lines = list(choices)
        if lines:
            self._line()
        for line in lines:
            self._print(Text(f"  {clean(line)}", style="bold" if self._styled else ""))
        self._line()

    def say(self, text: str) -> None:
        """Show a sentence of the terminal itself."""
        self._print(Text(clean(text), style="dim"))

    @contextmanager
    def working(self, text: str) -> Iterator[None]:
        """A spinner while the block runs, where there is a terminal to turn in."""
        if not self._styled:
            yield
            return
        with self._console.status(Text(clean(text), style="dim"), spinner="dots", refresh_per_second=5):
            yield

    def _block(self, block: Block) -> None:
        text = _linked(clean(block.text), _STYLES[block.kind])
        if block.kind in _HEADED:
            text.stylize("bold", 0, len(text.plain.partition("\n")[0]))
        if block.kind == "quote":
            self._quote(text)
        else:
            self._print(text)

    def _quote(self, text: Text) -> None:
        if self._styled:
            lines = text.wrap(self._console, max(20, self._console.width - len(_BAR)))
        else:
            lines = text.split("\n")
        for line in lines:
            line.rstrip()
            self._print(Text.assemble((_BAR, "dim"), line))

    def _print(self, text: Text) -> None:
        # Wrapped only for eyes: a program that reads must find a clause's words unbroken.
        self._console.print(text, soft_wrap=not self._styled)

    def _line(self) -> None:
        self._console.print()


def _linked(plain: str, style: str) -> Text:
    text = Text(plain, style=style)
    for found in _LINK.finditer(plain):
        target = found[0] if "://" in found[0] else f"mailto:{found[0]}"
        text.stylize(Style(link=target), *found.span())
    return text
