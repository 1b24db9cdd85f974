"""Runs `clausewise` commands in this process, with stdout and stderr apart."""

import json
from dataclasses import dataclass
from typing import Any

import structlog
from typer.testing import CliRunner

from bot.__main__ import app


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """stdout as JSONL; anything else on it fails the test."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def clausewise(*arguments: object, typed: str | None = None) -> Ran:
    """Run a command. An exception, which a person would see as a traceback, is raised."""
    logging = structlog.get_config()
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=typed)
    structlog.configure(**logging)  # the command's own writes to a stderr that is closed by now
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)
