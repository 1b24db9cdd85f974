"""The process that reads one file: `python -m knowledge.loading.child LIMITS... PATH`, for `apart` alone.

It writes one line of JSON, {"notes", "markdown"} or {"refused"}, and behind it the text.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import BinaryIO

from knowledge.errors import LoadError
from knowledge.loading.apart import Limits, Reading

_MEMORY = "Reading it takes more memory than a document should. Split the document, or save it as plain text."


def main(arguments: list[str]) -> None:
    limits = Limits(*map(int, arguments[:4]))
    answer = _own_stdout()
    _limit(limits)
    _answer(answer, _read(Path(arguments[4]), limits))


def _own_stdout() -> BinaryIO:
    """Take stdout for the answer alone; what a library prints goes nowhere."""
    answer = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return answer


def _limit(limits: Limits) -> None:
    if sys.platform == "win32":
        return
    import resource

    for what, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.processor),
        (resource.RLIMIT_FSIZE, limits.written),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))
    # whatever becomes of the parent, nobody is left running
    signal.alarm(limits.clock)


def _read(path: Path, limits: Limits) -> Reading | str:
    """Read a file; whatever is wrong with it is told in a sentence."""
    from knowledge.loading.formats import read

    try:
        return read(path)
    except LoadError as error:
        return str(error)
    except MemoryError:
        return _MEMORY
    except RecursionError:
        return "Its parts are nested too deep. Save the document as plain text (UTF-8) or Markdown."
    except OSError as error:
        return f"Cannot be read ({error.strerror or error}). Check the file and its permissions."
    except Exception as error:
        return f"The file is damaged or not what its name says ({type(error).__name__}). Save it again."


def _answer(stream: BinaryIO, result: Reading | str) -> None:
    if isinstance(result, str):
        head: dict[str, object] = {"refused": result}
    else:
        head = {"notes": result.notes, "markdown": result.markdown}
    with stream:
        stream.write(json.dumps(head).encode() + b"\n")
        if isinstance(result, Reading):
            stream.write(result.text.encode("utf-8", "replace"))


if __name__ == "__main__":
    main(sys.argv[1:])
