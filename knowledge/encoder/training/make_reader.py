"""From parallel text, topics and contrasts to the reader's weights, beside the static encoder's."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.encoder.pieces import tokens
from knowledge.encoder.reader import Reader
from knowledge.encoder.static import StaticEncoder
from knowledge.encoder.training.bags import Floats
from knowledge.encoder.training.contrast import Contrast, read_contrasts
from knowledge.encoder.training.corpus import FIRST, read_pairs
from knowledge.encoder.training.export_reader import write_reader
from knowledge.encoder.training.lessons import as_typed
from knowledge.encoder.training.reader_student import ReaderStudent, Vocabulary
from knowledge.encoder.training.reading import Containing, Contrasting, Exercise, Topical
from knowledge.encoder.training.teach_reader import (
    PAIR_STEPS,
    SENTENCE_STEPS,
    Sentences,
    teach_pairs,
    teach_sentences,
)
from knowledge.encoder.training.teacher import teacher_folder, teacher_vectors
from knowledge.encoder.training.topics import Topic

# So many words have a row of the reader's own; so many sentences of the other languages are read.
FREQUENT, OTHERS = 6000, 40_000


@dataclass(frozen=True, slots=True)
class Reading:
    """The share of pairs of a right and a wrong question of one clause that are in the right order, 0.5 to 1:
    the area under the curve, on contrasts kept out.
    """

    area: float
    questions: int

    def __str__(self) -> str:
        return f"{self.area:.3f} of right questions before wrong ones, of {self.questions} kept out"


def make_reader(
    parallel: Path,
    kept: Path,
    out: Path,
    topics: Sequence[Topic],
    *,
    sentence_steps: int = SENTENCE_STEPS,
    pair_steps: int = PAIR_STEPS,
) -> Reading:
    """Teach a reader on the encoder in `out`, write it there, and return what carries over."""
    pairs = read_pairs(parallel)
    english = sorted({pair.english for pair in pairs})
    place = {sentence: number for number, sentence in enumerate(english)}
    target = _unit(teacher_vectors(english, kept / "teacher.npz").astype(np.float32))
    rest = [pair for pair in pairs if pair.language not in FIRST][:OTHERS]
    read = [(pair.other, pair) for pair in [*(pair for pair in pairs if pair.language in FIRST), *rest]]
    read += as_typed(pairs)
    texts = [*english, *(text for text, _ in read)]
    sources = np.array([*range(len(english)), *(place[pair.english] for _, pair in read)])
    met = Counter(word for text in texts for word in tokens(text))
    frequent = [word for word, _ in met.most_common(FREQUENT)]
    encoder = StaticEncoder(out)
    words = Vocabulary(encoder, frequent)
    student = ReaderStudent(teacher_folder(), len(frequent))
    sentences = Sentences(texts, sources, target)
    teach_sentences(student, words, sentences, steps=sentence_steps)
    topical, containing = Topical(topics, encoder), Containing(pairs, english, target)
    items = read_contrasts()
    contrasting = Contrasting(items, topical, encoder)

    def written(chance: random.Random) -> Iterator[Exercise]:
        yield from topical.draw(chance)
        yield from contrasting.draw(chance)

    teach_pairs(student, words, written, containing.draw, sentences, steps=pair_steps)
    write_reader(out, student, frequent)
    return judged(Reader(out, encoder), items)


def judged(reader: Reader, items: Sequence[Contrast]) -> Reading:
    """Return how well a reader tells the questions of the contrasts that were kept out."""
    right: list[float] = []
    wrong: list[float] = []
    for item in items:
        if item.kept_out:
            right += [reader.judge(question, item.text) for question in item.answered]
            wrong += [reader.judge(question, item.text) for question in item.unanswered]
    above = np.array(right)[:, None] > np.array(wrong)[None]
    return Reading(float(above.mean()), len(right) + len(wrong))


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
