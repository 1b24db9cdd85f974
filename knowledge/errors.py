"""Errors of the knowledge package.

KnowledgeError
├── LoadError          a file that cannot become text; says what to do
└── IndexUnavailable   the vector index cannot be used now; exact search answers instead
    ├── IndexLocked    another process has it open
    └── IndexBusy      it works for others; ask exact search this time
"""


class KnowledgeError(Exception):
    """Anything of this package that a caller may want to show."""


class LoadError(KnowledgeError):
    """A file cannot be read as text. The message names the file's fault and the remedy."""


class IndexUnavailable(KnowledgeError):  # noqa: N818  (a state, not a fault)
    """The vector index is locked by another process, missing or damaged."""


class IndexLocked(IndexUnavailable):
    """Another process has the vector index open, and keeps it up to date by itself."""


class EncoderUnavailable(KnowledgeError):  # noqa: N818  (a state, not a fault)
    """The encoder's files are missing or do not belong together."""


class IndexBusy(IndexUnavailable):
    """The vector index works, but not for this question in time."""
