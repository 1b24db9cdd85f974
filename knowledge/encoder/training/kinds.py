"""Writes what `knowledge.kinds` knows: every written question, and how often documents settle it.

Nothing is fitted. Also the topics kept out of the encoder's lessons are here; `tests.bench.weigh` leaves a
topic's own questions out where it judges them.
"""

from pathlib import Path

import numpy as np

from knowledge.encoder.static import StaticEncoder
from knowledge.encoder.training.outside import read_outside
from knowledge.encoder.training.topics import LANGUAGES, Topic
from knowledge.kinds import FILE

# Of the encoder's directions, so many tell questions apart nearly as well as all, at a third of the size.
FEW = 96


def learn_kinds(folder: Path, topics: list[Topic]) -> None:
    """Write the questions beside the encoder's weights in `folder`."""
    rows = [
        (text, share, number)
        for number, topic in enumerate(topics)
        for language in LANGUAGES
        for texts, share in (
            (topic.sides[language].questions, topic.settled),
            (topic.sides[language].beside, 0),
        )
        for text in texts
    ]
    rows += [(text, 0, group_of(topics, number)) for number, (_, text) in enumerate(read_outside())]
    vectors = StaticEncoder(folder).encode([text for text, _, _ in rows]).astype(np.float64)
    _, directions = np.linalg.eigh(vectors.T @ vectors)
    directions = directions[:, ::-1][:, :FEW]
    short = vectors @ directions
    short /= np.maximum(np.linalg.norm(short, axis=1, keepdims=True), 1e-9)
    scales = np.abs(short).max(axis=0) / 127
    np.savez_compressed(
        folder / FILE,
        directions=directions.astype(np.float32),
        questions=np.rint(short / scales).astype(np.int8),
        scales=scales.astype(np.float32),
        shares=np.array([share for _, share, _ in rows], dtype=np.uint8),
        groups=np.array([group for _, _, group in rows], dtype=np.uint16),
    )


def group_of(topics: list[Topic], outside: int) -> int:
    """Return the group of a question outside all topics, by its place among those: each is its own."""
    return len(topics) + outside
