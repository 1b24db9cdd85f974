"""Errors of the actions package. A refusal is a value (`model.py`), never one of these.

ActionsError
├── PolicyError        policies.toml cannot be used; says which entry and why
├── LogTampered        the action log does not verify; carries the first bad sequence number
├── SigningKeyError    the key that signs the log cannot be made, read or understood
├── CheckpointsDamaged the file of signed checkpoints was tampered with; nothing is appended to it
├── DemoRefused        the store holds data that is not a demo's, and is left alone
└── IllegalStep        code asked for a step that the lifecycle does not have: a bug
"""


class ActionsError(Exception):
    """Anything of this package that a caller may want to show."""


class PolicyError(ActionsError):
    """An entry of policies.toml is missing or wrong."""


class LogTampered(ActionsError):  # noqa: N818
    """The chain of the action log breaks at `seq`."""

    def __init__(self, seq: int, reason: str) -> None:
        super().__init__(f"entry {seq}: {reason}")
        self.seq = seq
        self.reason = reason


class SigningKeyError(ActionsError):
    """Without it nothing may be written to the log, nor the log be verified."""


class CheckpointsDamaged(ActionsError):  # noqa: N818
    """Says at which line. Until somebody has looked, nothing more is signed."""


class IllegalStep(ActionsError):  # noqa: N818
    """No such step in the lifecycle."""


class DemoRefused(ActionsError):  # noqa: N818
    """The store holds other data."""
