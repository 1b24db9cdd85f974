"""Reads a question and a clause together and says how likely the clause answers: a small transformer.

A bag of words cannot tell "how long do you keep it" from "where do you keep it"; this can, somewhat. Its
words are the static encoder's, so that it knows the languages and the misspellings that this one knows.
The weights were made by `knowledge.encoder.training`, in eight bits; onnxruntime runs them.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from knowledge.encoder.pieces import tokens
from knowledge.encoder.static import WEIGHTS, StaticEncoder, shipped
from knowledge.errors import EncoderUnavailable
from knowledge.ports import Vectors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

MODEL, FREQUENT = "reader.onnx", "reader.txt"
# So many words are read of a question, and of a clause; of a longer one the run that comes nearest.
QUESTION, CLAUSE = 32, 80
NOTHING = -10.0
# A word of which nothing is known has no direction; its length is taken for this.
SHORTEST, LEAST = np.float32(1e-4), np.float32(1e-2)
# What was read is asked again: a question that a customer repeats, or that many ask. About a kilobyte each.
REMEMBERED = 4096


class Reader:
    """Keeps nothing between calls: threads may share one."""

    def __init__(self, folder: Path = WEIGHTS, encoder: StaticEncoder | None = None) -> None:
        try:
            frequent = (folder / FREQUENT).read_text(encoding="utf-8").split("\n")
            self._session = _session((folder / MODEL).read_bytes())
        except (OSError, ValueError) as fault:
            raise EncoderUnavailable(
                f"the reader's weights in {folder} cannot be read ({fault}): install the package again"
            ) from fault
        self._rows = {word: row for row, word in enumerate(frequent, 1)}
        self._encoder = encoder or shipped()

    def judge(self, question: str, clause: str) -> float:
        """Return the log odds that the clause answers the question."""
        asked, said = words_of_pair(self._encoder, question, clause)
        if not asked or not said:
            return NOTHING
        vectors, lengths = directions(self._encoder, [*asked, *said])
        given = {
            "vectors": vectors[None],
            "lengths": lengths[None],
            "rows": np.array([[self._rows.get(word, 0) for word in (*asked, *said)]]),
            "sides": np.array([[0] * len(asked) + [1] * len(said)]),
        }
        return float(self._session.run(["odds"], given)[0][0])


def words_of_pair(encoder: StaticEncoder, question: str, clause: str) -> tuple[list[str], list[str]]:
    """Return the words that are read of both, in order; either may be empty."""
    asked, said = tokens(question)[:QUESTION], tokens(clause)
    if len(said) > CLAUSE:
        start = nearest_run(encoder.word_vectors(asked), encoder.word_vectors(said))
        said = said[start : start + CLAUSE]
    return asked, said


def directions(encoder: StaticEncoder, words: Sequence[str]) -> tuple[Vectors, Vectors]:
    """Return unit vectors of words, shape (words, dimensions), and the logarithms of their lengths."""
    vectors = encoder.word_vectors(words)
    lengths = np.linalg.norm(vectors, axis=1)
    vectors /= np.maximum(lengths, SHORTEST)[:, None]
    return vectors, np.log(np.maximum(lengths, LEAST))


def _session(model: bytes) -> "InferenceSession":
    """Return a session of one thread: more wait for one another where the machine is busy."""
    from onnxruntime import InferenceSession, SessionOptions
    from onnxruntime.capi import onnxruntime_pybind11_state as faults

    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        return InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except (faults.Fail, faults.InvalidArgument, faults.InvalidGraph, faults.InvalidProtobuf) as fault:
        raise ValueError(str(fault)) from fault


def nearest_run(asked: Vectors, said: Vectors) -> int:
    """Return where those CLAUSE words in a row begin in which most is near to what is asked; 0 where nothing
    is asked or no more is said.
    """
    if len(said) <= CLAUSE or not len(asked):
        return 0
    unit = said / np.maximum(np.linalg.norm(said, axis=1, keepdims=True), SHORTEST)
    near = np.maximum(asked @ unit.T, 0).max(axis=0)
    total = np.concatenate([[0.0], np.cumsum(near, dtype=np.float64)])
    return int(np.argmax(total[CLAUSE:] - total[:-CLAUSE]))


@cache
def shipped_reader() -> Reader:
    """Return the reader of the package, loaded once in a process."""
    return Reader()


@lru_cache(maxsize=REMEMBERED)
def log_odds(question: str, clause: str) -> float:
    """Return what the reader of the package judges; `clause` is a clause's text under its heading."""
    return shipped_reader().judge(question, clause)
