"""The terminal: what a line means, how a reply looks, what happens at Ctrl-C, and the JSONL mode."""

import asyncio
import io
import json
import os
import pty
import select
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.console import Console
from structlog.testing import capture_logs

from bot.channels.hygiene import clean
from bot.channels.lines import read_lines
from bot.channels.terminal import Terminal
from bot.channels.terminal_choices import Choices, Command, command_of
from bot.channels.terminal_input import Interrupted, PipedLines, PromptLines
from bot.channels.terminal_jsonl import converse, parse
from bot.channels.terminal_screen import Screen, make_console
from bot.channels.terminal_session import TerminalSession
from bot.errors import ConfigurationError
from bot.model import Block, Button, CitationView, ConversationState, Reply, Sender
from tests.fake_turn import FakeApp, fake_app, plain

HELPFUL, PERSON = Button("b-helpful", "Helpful"), Button("b-person", "A person")
ANSWER = Reply(
    (Block("lead", "It is settled:"), Block("quote", "No refunds.\nNone."), Block("source", "Terms › 4")),
    (HELPFUL, PERSON),
    (CitationView("terms.md", "Terms", date(2026, 3, 1), "t4", "Terms › 4", "No refunds.\nNone.", "en"),),
)


class Keys:
    """Says the key and its values, so that tests depend on no wording."""

    def say(self, language: str, key: str, /, **values: object) -> str:
        return " ".join([f"<{language}:{key}>", *(f"{name}={value}" for name, value in values.items())])


@dataclass
class FakeProfile:
    spoken: str = "en"
    email: str | None = None

    async def language(self) -> str:
        return self.spoken

    async def set_language(self, language: str) -> None:
        self.spoken = language

    async def who(self) -> str | None:
        return self.email


@dataclass
class Typed:
    """A person who types these lines; an exception is raised in a line's place; the last is Ctrl-D."""

    lines: list[str | Exception] = field(default_factory=list)

    async def read(self) -> str:
        await asyncio.sleep(0)
        line = self.lines.pop(0) if self.lines else EOFError()
        if isinstance(line, Exception):
            raise line
        return line

    def interrupt(self) -> bool:
        return False

    async def close(self) -> None:
        return None


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[FakeApp]:
    async with fake_app(tmp_path) as made:
        yield made


def session_of(app: FakeApp, profile: FakeProfile | None = None) -> TerminalSession:
    return TerminalSession(
        turn=app.turn,
        transcript=app.transcript,
        clock=app.clock,
        chat_id="here",
        sender=Sender("here"),
        profile=profile or FakeProfile(),
    )


async def opened(session: TerminalSession) -> TerminalSession:
    return session


async def typed(app: FakeApp, *lines: str | Exception, profile: FakeProfile | None = None) -> tuple[int, str]:
    """Type lines at a plain terminal; return the exit status and everything that was printed."""
    out = io.StringIO()
    screen = Screen(Console(file=out, width=60))
    session = opened(session_of(app, profile))
    status = await Terminal(session, Typed(list(lines)), screen, Keys(), "en").run()
    return status, out.getvalue()


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain ž\t1\n2", "plain ž\t1\n2"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]unfinished but kept", "unfinished but kept"),
        ("\x9b2Jcleared\x9d0;t\x9c", "cleared"),
        ("a\x00b\x07c\x7fd\x85e", "abcde"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("\x1bc\x1b(Breset", "reset"),
        ("\u202egnp.exe\u2066", "gnp.exe"),
        ("lone \ud800 half", "lone \ufffd half"),
        ("\x1b\x1b[[31mA", "31mA"),
    ],
)
def test_nothing_that_a_terminal_obeys_is_left(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("state", "line", "button"),
    [
        (ConversationState.OPEN, "1", HELPFUL),
        (ConversationState.OPEN, " 2) ", PERSON),
        (ConversationState.OPEN, "#2", PERSON),
        (ConversationState.OPEN, "0", None),
        (ConversationState.OPEN, "3", None),
        (ConversationState.OPEN, "01", None),
        (ConversationState.OPEN, "1 month", None),
        (ConversationState.OPEN, "", None),
        (ConversationState.AWAITING_CHOICE, "1", HELPFUL),
        (ConversationState.AWAITING_CONFIRMATION, "1", HELPFUL),
        (ConversationState.AWAITING_CODE, "1", None),
        (ConversationState.AWAITING_CODE, "#1", HELPFUL),
        (ConversationState.AWAITING_EMAIL, "1", None),
        (ConversationState.AWAITING_DETAILS, "2", None),
        (ConversationState.AWAITING_DETAILS, "#2", PERSON),
        (ConversationState.QUEUED, "2", PERSON),
    ],
)
def test_when_a_number_is_a_press(state: ConversationState, line: str, button: Button | None) -> None:
    choices = Choices(state=state)
    assert choices.pressed(line) is None
    choices.offer([HELPFUL, PERSON])
    assert choices.pressed(line) is button
    choices.clear()
    assert choices.pressed(line) is None


def test_choices_are_written_as_they_are_typed() -> None:
    choices = Choices()
    assert choices.offer([HELPFUL]) == ["1) Helpful"]
    assert choices.offer([Button("x", "\x1b[5mBlink")]) == ["2) Blink"]
    assert Choices(state=ConversationState.AWAITING_CODE).offer([PERSON]) == ["#1 A person"]


def test_the_stars_of_a_rating_are_pressed_by_their_own_numbers() -> None:
    choices = Choices()
    choices.offer([PERSON])
    stars = [Button(f"b-{star}", str(star)) for star in range(1, 6)]
    assert choices.offer(stars) == ["1)", "2)", "3)", "4)", "5)"]
    assert choices.pressed("5") == stars[4]


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/help", Command("help")),
        (" /Language  SL ", Command("language", "SL")),
        ("/nonsense", Command("nonsense")),
        ("/", None),
        ("/usr/bin is a path", None),
        ("/help\nand more", None),
        ("help", None),
    ],
)
def test_slash_commands(line: str, command: Command | None) -> None:
    assert command_of(line) == command


async def test_a_plain_terminal_prints_no_escape_and_keeps_the_quote_whole(app: FakeApp) -> None:
    long = "word " * 60 + "end."
    app.turn.script = lambda _text, _press: [
        Reply((*ANSWER.blocks, Block("quote", f"\x1b[2J{long}")), ANSWER.buttons)
    ]
    status, out = await typed(app, "refunds?")
    assert status == 0
    assert "\x1b" not in out
    assert "It is settled:\n\n│ No refunds.\n│ None.\n\nTerms › 4\n" in out
    assert f"│ {long}\n" in out
    assert "  1) Helpful\n  2) A person\n" in out


def test_a_capable_terminal_gets_bold_bars_and_links() -> None:
    out = io.StringIO()
    screen = Screen(Console(file=out, force_terminal=True, color_system="standard", width=40))
    screen.show(
        Reply(
            (
                Block("lead", "See https://example.com/a."),
                Block("quote", "one two three four five six seven eight"),
                Block("card", "Title\nrest [bold]not markup[/bold] :smile:"),
                Block("note", "write to info@example.com"),
            )
        )
    )
    text = out.getvalue()
    assert "\x1b]8;" in text
    assert ";https://example.com/a\x1b\\" in text
    assert "mailto:info@example.com" in text
    assert text.count("│") == 2
    assert "\x1b[1mTitle" in text
    assert "[bold]not markup[/bold] :smile:" in clean(text)


def test_no_color_means_no_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = io.StringIO()
    console = make_console()
    console.file = out
    Screen(console).show(ANSWER)
    with Screen(console).working("…"):
        pass
    assert "\x1b" not in out.getvalue()


async def test_numbers_press_the_buttons_of_the_last_replies(app: FakeApp) -> None:
    app.turn.script = lambda text, press: [plain(f"did {press}")] if press else [ANSWER, plain(text)]
    _status, out = await typed(app, "refunds?", "2", "2")
    pressed = [row.body["press"] for row in await app.rows("in")]
    assert pressed == [None, "b-person", None]
    assert "did b-person" in out


async def test_a_number_is_a_code_while_a_code_is_awaited(app: FakeApp) -> None:
    app.turn.state = ConversationState.AWAITING_CODE
    app.turn.script = lambda _text, press: [ANSWER] if press is None else [plain("pressed")]
    _status, out = await typed(app, "cancel", "1", "#1")
    rows = await app.rows("in")
    assert [(row.text, row.body["press"]) for row in rows] == [
        ("cancel", None),
        ("1", None),
        ("", "b-helpful"),
    ]
    assert "#1 Helpful" in out


async def test_nothing_odd_happens_with_odd_lines(app: FakeApp) -> None:
    long = "ž" * 10_000
    status, out = await typed(app, "", "   ", "\x00\x1b[2J", long, "two\nlines", "\x1b[31mred")
    assert status == 0
    assert [row.text for row in await app.rows("in")] == [long, "two\nlines", "red"]
    assert f"you said {long}" in out


async def test_commands(app: FakeApp) -> None:
    profile = FakeProfile(email="ana@example.com")
    _status, out = await typed(
        app, "/help", "/whoami", "/language", "/language de", "/language SL", "/dance", "/quit", "unread",
        profile=profile,
    )  # fmt: skip
    assert "<en:help.text>" in out
    assert "<en:terminal.commands>" in out
    assert "<en:terminal.whoami> email=ana@example.com conversation=here" in out
    assert out.count("<en:language.list>") == 2
    assert "<en:language_name.bg> (bg)" in out
    assert "<sl:language.changed>" in out
    assert "<sl:terminal.unknown_command> command=/dance" in out
    assert profile.spoken == "sl"
    assert await app.rows("in") == []


async def test_commands_of_every_channel_reach_the_turn(app: FakeApp) -> None:
    lines = ["/status", "/person", "/privacy", "/cancel", "/start"]
    await typed(app, *lines)
    assert [row.text for row in await app.rows("in")] == lines


async def test_whoami_of_a_stranger(app: FakeApp) -> None:
    _status, out = await typed(app, "/whoami")
    assert "<en:terminal.whoami_unknown> conversation=here" in out


async def test_a_broken_turn_is_a_sentence(app: FakeApp) -> None:
    app.turn.failures = 1
    with capture_logs() as logs:
        status, out = await typed(app, "one", "two")
    assert status == 0
    assert "<en:error.text>" in out
    assert "you said two" in out
    assert logs[0]["event"] == "turn-failed"


@pytest.mark.parametrize(
    ("lines", "answered", "again"),
    [
        ([Interrupted(), Interrupted(), "unread"], 0, 1),
        ([Interrupted(), "hi", Interrupted(), "ho"], 2, 2),
        ([EOFError(), "unread"], 0, 0),
    ],
)
async def test_ctrl_c_twice_or_ctrl_d_ends(
    app: FakeApp, lines: list[str | Exception], answered: int, again: int
) -> None:
    status, out = await typed(app, *lines)
    assert status == 0
    assert len(await app.rows("in")) == answered
    assert out.count("<en:terminal.again_to_quit>") == again


async def test_a_failed_start_is_told_at_the_prompt() -> None:
    async def failing() -> TerminalSession:
        await asyncio.sleep(0.01)
        raise ConfigurationError("DATABASE_URL is wrong")

    class Waiting(Typed):
        async def read(self) -> str:
            await asyncio.Event().wait()
            return ""

    screen = Screen(Console(file=io.StringIO()))
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        await Terminal(failing(), Waiting(), screen, Keys(), "en").run()


async def test_interrupted_while_answering_the_reply_is_still_shown(app: FakeApp) -> None:
    out = io.StringIO()
    release, started = asyncio.Event(), asyncio.Event()
    answer = app.turn.answer

    async def slow(message_id: str) -> object:
        started.set()
        await release.wait()
        return await answer(message_id)

    app.turn.answer = slow  # type: ignore[method-assign,assignment]

    class Patient(Typed):
        async def read(self) -> str:
            if not started.is_set():
                return "slow one"
            release.set()
            while "you said slow one" not in out.getvalue():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            raise EOFError

    terminal = Terminal(
        opened(session_of(app)), Patient(), Screen(Console(file=out)), Keys(), "en", look_every=0.01
    )
    running = asyncio.create_task(terminal.run())
    await started.wait()
    os.kill(os.getpid(), signal.SIGINT)
    async with asyncio.timeout(5):
        assert await running == 0
    assert out.getvalue().index("terminal.interrupted") < out.getvalue().index("you said slow one")


async def test_a_person_elsewhere_is_seen_at_the_prompt(app: FakeApp) -> None:
    out = io.StringIO()
    session = session_of(app)
    await session.send(text="a person, please")
    await session.show_waiting(lambda _reply: None)
    await app.staff_writes("terminal", "here", "Eva: I am here")

    class Watching(Typed):
        async def read(self) -> str:
            while "Eva" not in out.getvalue():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            raise EOFError

    screen = Screen(Console(file=out))
    async with asyncio.timeout(5):
        await Terminal(opened(session), Watching(), screen, Keys(), "en", look_every=0.01).run()
    assert out.getvalue().count("Eva: I am here") == 1
    assert {row.status for row in await app.rows("out")} == {"sent"}


async def test_prompt_takes_pastes_and_keeps_codes_out_of_the_history(tmp_path: Path) -> None:
    history = tmp_path / "state" / "history"
    remember = True
    with create_pipe_input() as keys:
        lines = PromptLines(history, lambda: remember, source=keys, output=DummyOutput())
        keys.send_text("\x1b[200~first\r\nsecond\x1b[201~\r")
        assert await lines.read() == "first\nsecond"
        remember = False
        keys.send_text("123456\r")
        assert await lines.read() == "123456"
        keys.send_text("half a line\x03")
        with pytest.raises(Interrupted):
            await lines.read()
        keys.send_text("\x04")
        with pytest.raises(EOFError):
            await lines.read()
    assert "+second" in history.read_text()
    assert "123456" not in history.read_text()
    assert history.stat().st_mode & 0o077 == 0


async def test_history_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with create_pipe_input() as keys:
        lines = PromptLines(tmp_path / "file" / "history", lambda: True, source=keys, output=DummyOutput())
        keys.send_text("hi\r")
        assert await lines.read() == "hi"


def pipe_with(content: bytes) -> int:
    """The reading end of a pipe that holds this and has ended; of a file, where a pipe has no room."""
    if len(content) > 60_000:
        with tempfile.TemporaryFile() as file:
            file.write(content)
            file.seek(0)
            return os.dup(file.fileno())
    source, sink = os.pipe()
    with os.fdopen(sink, "wb") as file:
        file.write(content)
    return source


async def test_lines_of_a_pipe() -> None:
    source = pipe_with("a\r\n\nž\nno end".encode())
    try:
        assert [line async for line in read_lines(source)] == [b"a", b"", "ž".encode(), b"no end"]
    finally:
        os.close(source)


async def test_piped_lines_are_text_whatever_they_hold() -> None:
    source = pipe_with(b"\xef\xbb\xbfok\n\xff\n")
    try:
        lines = PipedLines(source)
        assert [await lines.read(), await lines.read()] == ["ok", "\ufffd"]
        with pytest.raises(EOFError):
            await lines.read()
        await lines.close()
    finally:
        os.close(source)


async def jsonl(app: FakeApp, content: bytes) -> list[dict[str, Any]]:
    out: list[bytes] = []
    source = pipe_with(content)
    try:
        assert await converse(opened(session_of(app)), descriptor=source, write=out.append) == 0
    finally:
        os.close(source)
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in out)
    return [json.loads(line) for line in out]


async def test_jsonl_answers_each_line_with_one(app: FakeApp) -> None:
    app.turn.script = lambda text, press: [plain(f"pressed {press}")] if press else [ANSWER]
    first, second = await jsonl(app, b'{"text": "refunds?"}\n\n   \n{"press": "b-helpful"}')
    assert first == {
        "replies": [
            {
                "text": ANSWER.text,
                "buttons": [{"id": "b-helpful", "label": "Helpful"}, {"id": "b-person", "label": "A person"}],
                "citations": [
                    {
                        "document": "terms.md",
                        "clause_id": "t4",
                        "heading": "Terms › 4",
                        "quote": "No refunds.\nNone.",
                    }
                ],
            }
        ],
        "state": "open",
        "action_id": None,
        "error": None,
    }
    assert second["replies"][0]["text"] == "pressed b-helpful"
    assert {row.status for row in await app.rows("out")} == {"sent"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"nonsense", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff{}", "not UTF-8"),
        (b"[]", "not an object"),
        (b'"text"', "not an object"),
        (b"{}", "exactly one"),
        (b'{"text": "a", "press": "b"}', "exactly one"),
        (b'{"text": "a", "mode": 1}', "unknown key: mode"),
        (b'{"text": null}', "text must be a string"),
        (b'{"press": 7}', "press must be a string"),
    ],
)
async def test_jsonl_names_what_is_wrong_and_goes_on(app: FakeApp, line: bytes, said: str) -> None:
    bad, good = await jsonl(app, line + b'\n{"text": "hi"}\n')
    assert said in bad["error"]
    assert (bad["replies"], bad["state"], bad["action_id"]) == ([], "open", None)
    assert good["error"] is None
    assert good["replies"][0]["text"] == "you said hi"


async def test_jsonl_of_odd_text(app: FakeApp) -> None:
    (answer,) = await jsonl(
        app, b'\xef\xbb\xbf{"text": "\\ud800\\u0000\\u001b[31m' + b"x" * 10_000 + b'"}\r\n'
    )
    assert answer["replies"][0]["text"] == "you said \ufffd" + "x" * 10_000


async def test_jsonl_reports_a_broken_turn_and_goes_on(app: FakeApp) -> None:
    app.turn.failures = 1
    with capture_logs():
        bad, good = await jsonl(app, b'{"text": "one"}\n{"text": "two"}\n')
    assert "could not be answered" in bad["error"]
    assert good["replies"][0]["text"] == "you said two"


async def test_jsonl_shows_what_the_desk_wrote_meanwhile(app: FakeApp) -> None:
    await jsonl(app, b'{"text": "a person"}')
    await app.staff_writes("terminal", "here", "Eva: hello")
    app.turn.script = lambda _text, _press: []
    app.turn.state = ConversationState.WITH_PERSON
    (answer,) = await jsonl(app, b'{"text": "thanks"}')
    assert [reply["text"] for reply in answer["replies"]] == ["Eva: hello"]
    assert answer["state"] == "with_person"


async def test_jsonl_ends_quietly_when_told() -> None:
    stop = asyncio.Event()
    source, sink = os.pipe()

    async def never() -> TerminalSession:
        await asyncio.Event().wait()
        raise AssertionError

    running = asyncio.create_task(converse(never(), descriptor=source, stop=stop))
    await asyncio.sleep(0)
    stop.set()
    assert await running == 130
    os.close(source)
    os.close(sink)


def test_jsonl_lines_that_are_fine() -> None:
    assert getattr(parse(b'{"text": ""}'), "text", None) == ""
    assert getattr(parse(b'{"press": "x"}'), "press", None) == "x"


PROGRAM = """
import asyncio, sys
from pathlib import Path
from bot.channels.terminal import chat
from bot.channels.terminal_session import TerminalSession
from bot.model import Sender
from tests.fake_turn import fake_app
from tests.unit.test_terminal import FakeProfile, Keys, session_of

async def main():
    folder = Path(sys.argv[1])
    async with fake_app(folder) as app:
        async def opening():
            await asyncio.sleep(float(sys.argv[2]))
            return session_of(app)
        return await chat(opening(), phrases=Keys(), language="en", history=folder / "history")

sys.exit(asyncio.run(main()))
"""


def at_a_terminal(
    folder: Path, root: Path, script: list[tuple[str, bytes]], *, loading: float
) -> tuple[int, str]:
    """Run the chat on a real pseudo-terminal: wait for each text, then type. Return status and output."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(root)
        os.environ.update(
            PYTHONPATH=str(root), TERM="xterm-256color", COLUMNS="100", LINES="40", PROMPT_TOOLKIT_NO_CPR="1"
        )
        os.execv(sys.executable, [sys.executable, "-c", PROGRAM, str(folder), str(loading)])
    out = b""
    deadline = time.monotonic() + 20
    for awaited, keys in script:
        while awaited.encode() not in out:
            ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"no {awaited!r} in {out.decode(errors='replace')!r}"
            out += os.read(terminal, 65_536)
        out = out[out.index(awaited.encode()) + len(awaited) :]
        os.write(terminal, keys)
    try:
        while chunk := os.read(terminal, 65_536):
            out += chunk
    except OSError:  # how Linux says that the other side is gone
        pass
    os.close(terminal)
    _pid, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), out.decode(errors="replace")


# The terminal is told so when a prompt is there.
PROMPT_SHOWN = "\x1b[?2004h"


@pytest.mark.parametrize(
    ("loading", "script"),
    [
        (
            0.0,
            [
                (PROMPT_SHOWN, b"hello\r"),
                ("you said hello", b""),
                (PROMPT_SHOWN, b"half\x03"),
                ("again_to_quit", b""),
                (PROMPT_SHOWN, b"\x03"),
            ],
        ),
        (60.0, [(PROMPT_SHOWN, b"\x03"), ("again_to_quit", b""), (PROMPT_SHOWN, b"\x04")]),
        (
            60.0,
            [
                (PROMPT_SHOWN, b"hello\r"),
                ("terminal.loading", b"\x03"),
                ("terminal.not_sent", b""),
                (PROMPT_SHOWN, b"\x03"),
                ("again_to_quit", b""),
                (PROMPT_SHOWN, b"\x03"),
            ],
        ),
    ],
)
def test_ctrl_c_never_shows_a_traceback(
    tmp_path: Path, loading: float, script: list[tuple[str, bytes]]
) -> None:
    root = Path(__file__).parents[2]
    status, out = at_a_terminal(tmp_path, root, script, loading=loading)
    assert status == 0
    assert "Traceback" not in out
    assert "Error" not in out
