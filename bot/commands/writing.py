"""What a command writes to a file of its own."""

from pathlib import Path

from bot.commands.running import fail


def write_new(path: Path, content: bytes) -> None:
    """Write a file that did not exist, readable for its owner alone; else end the command."""
    try:
        with path.open("xb") as file:
            path.chmod(0o600)
            file.write(content)
    except FileExistsError:
        fail(f"{path} exists already; name another file with --out", 2)
    except OSError as error:
        fail(f"{path} cannot be written ({error.strerror}); name another file with --out", 2)
