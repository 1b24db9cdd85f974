"""Reading a file in a process of its own, so that no file can take its reader's process with it.

The child limits itself: memory, processor time, time on the clock, and how much text it may write. What
becomes of it - an answer, a refusal, a signal - becomes a Reading or a LoadError that says what to do.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path

from knowledge.errors import LoadError

_ROOT = Path(__file__).parents[2]
_SPLIT = "Split the document, or save it as plain text."


@dataclass(frozen=True, slots=True)
class Limits:
    """`memory` and `written` are in bytes, the address space and the text; the times are in seconds."""

    memory: int = 1024 * 1024 * 1024
    processor: int = 240
    clock: int = 600
    written: int = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file's bytes became. `markdown`: its headings, lists and tables are marked."""

    text: str
    notes: tuple[str, ...] = ()
    markdown: bool = False


LIMITS = Limits()


def read_apart(path: Path, limits: Limits | None = None) -> Reading:
    """Read a file in a child process. Raises LoadError for whatever goes wrong there."""
    limits = limits or LIMITS
    command = [sys.executable, "-P", "-m", "knowledge.loading.child", *map(str, astuple(limits)), str(path)]
    # a file, not a pipe: its size is limited in the child, and nobody has to read along
    with tempfile.TemporaryFile() as written:
        try:
            ended = subprocess.run(  # noqa: S603  (our own module)
                command,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                timeout=limits.clock + 5,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            raise LoadError(_too_long(limits)) from None
        except OSError as error:
            raise LoadError(
                f"No process could be started to read it ({error.strerror}). Try again later."
            ) from error
        written.seek(0)
        if ended != 0:
            raise LoadError(_death(-ended, limits))
        return _reading(written.readline(), written.read)


def _reading(head: bytes, rest: Callable[[], bytes]) -> Reading:
    try:
        answer = json.loads(head)
    except ValueError:
        raise LoadError("Reading it broke off. The file may be damaged: save it again.") from None
    if refused := answer.get("refused"):
        raise LoadError(refused)
    return Reading(rest().decode("utf-8"), tuple(answer["notes"]), answer["markdown"])


def _environment() -> dict[str, str]:
    """The packages that this process sees, and nothing else of its own: no secret is near a strange file."""
    places = [str(_ROOT), *(place for place in sys.path if place and Path(place).is_dir())]
    return {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(places)),
        "PYTHONUTF8": "1",
        "MALLOC_ARENA_MAX": "1",
    }


def _too_long(limits: Limits) -> str:
    return f"Reading it took longer than {limits.clock} s. {_SPLIT}"


def _death(number: int, limits: Limits) -> str:
    """Say of what a child died. Out of memory shows as an abort or a fault in code that is not Python's."""
    if number in (signal.SIGALRM, signal.SIGXCPU):
        return _too_long(limits)
    if number in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGKILL):
        return (
            "Reading it broke off, out of memory or because the file is damaged. "
            "Save it again, or save it as plain text."
        )
    return "Reading it broke off. The file may be damaged: save it again."
