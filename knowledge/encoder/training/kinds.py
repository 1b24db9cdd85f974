"""Learns `knowledge.kinds` from the written questions: those a clause settles against those none does."""

from pathlib import Path

import numpy as np

from knowledge.encoder.static import StaticEncoder
from knowledge.encoder.training.outside import kept_out, read_outside
from knowledge.encoder.training.topics import LANGUAGES, Topic
from knowledge.kinds import FILE

RIDGE = 0.03
STEPS = 20


def learn_kinds(folder: Path, topics: list[Topic]) -> None:
    """Write the weights beside the encoder's in `folder`; topics and questions kept out are not read."""
    sides = [topic.sides[language] for topic in topics if not topic.kept_out for language in LANGUAGES]
    settled = [text for side in sides for text in side.questions]
    open_ = [text for side in sides for text in side.beside]
    open_ += [text for _, text in read_outside() if not kept_out(text)]
    vectors = StaticEncoder(folder).encode([*settled, *open_]).astype(np.float64)
    marks = np.array([1.0] * len(settled) + [0.0] * len(open_))
    shares = np.where(marks == 1, 0.5 / len(settled), 0.5 / len(open_))
    np.save(folder / FILE, _fitted(vectors, marks, shares).astype(np.float32))


def _fitted(
    vectors: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    marks: np.ndarray[tuple[int], np.dtype[np.float64]],
    shares: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return logistic weights for each dimension and the bias last, by Newton's method."""
    # Components of unit vectors are small; at this scale the ridge means the same whatever their number.
    scale = np.sqrt(vectors.shape[1]) / 2
    table = np.column_stack([vectors * scale, np.ones(len(vectors))])
    held = RIDGE * np.append(np.ones(vectors.shape[1]), 0.0)
    weights = np.zeros(table.shape[1])
    for _ in range(STEPS):
        chances = 1 / (1 + np.exp(-table @ weights))
        slope = table.T @ (shares * (chances - marks)) + held * weights
        bend = (table * (shares * chances * (1 - chances))[:, None]).T @ table + np.diag(held + 1e-9)
        weights -= np.linalg.solve(bend, slope)
    weights[:-1] *= scale
    return weights
