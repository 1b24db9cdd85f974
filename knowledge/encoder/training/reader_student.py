"""The reader while it learns, in torch. What ships is run by onnxruntime: `knowledge.encoder.reader`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from knowledge.encoder.reader import directions, words_of_pair
from knowledge.encoder.static import StaticEncoder
from knowledge.encoder.training.bags import Floats, Longs

# Of the teacher's six layers: the first, one of the middle, and the last.
LAYERS = (0, 2, 5)
WIDTH, NARROW, HIDDEN, POSITIONS = 384, 128, 64, 192
# Unit vectors are small beside what the teacher's layers are used to.
LOUDER = 4.0


class Vocabulary:
    """Words as the static encoder knows them; the frequent ones have a row of the reader's own besides."""

    def __init__(self, encoder: StaticEncoder, frequent: Sequence[str]) -> None:
        self._encoder = encoder
        self.frequent: Mapping[str, int] = {word: row for row, word in enumerate(frequent, 1)}

    def look_up(self, words: Sequence[str]) -> tuple[Floats, Floats, Longs]:
        """Return (unit vectors, logarithms of their lengths, rows of their own or 0)."""
        vectors, lengths = directions(self._encoder, words)
        return vectors, lengths, np.array([self.frequent.get(word, 0) for word in words], dtype=np.int64)

    def pair(self, question: str, clause: str) -> tuple[list[str], list[str]]:
        """Return the words that the reader reads of both, at least an empty one of each."""
        asked, said = words_of_pair(self._encoder, question, clause)
        return asked or [""], said or [""]

    def batch(self, texts: Sequence[tuple[Sequence[str], Sequence[str]]]) -> tuple[Tensor, ...]:
        """Return pairs of texts as the student reads them: vectors, lengths, rows, marks and sides. The
        second of a pair may be empty.
        """
        known = {
            word: number for number, word in enumerate({w for pair in texts for text in pair for w in text})
        }
        vectors, lengths, rows = self.look_up(list(known))
        longest = max(len(first) + len(second) for first, second in texts)
        places = np.zeros((len(texts), longest), dtype=np.int64)
        marks = np.zeros(places.shape, dtype=np.float32)
        sides = np.ones(places.shape, dtype=np.int64)
        for number, (first, second) in enumerate(texts):
            end = len(first) + len(second)
            places[number, :end] = [known[word] for word in (*first, *second)]
            marks[number, :end] = 1.0
            sides[number, : len(first)] = 0
        arrays = (vectors[places], lengths[places], rows[places], marks, sides)
        return tuple(torch.from_numpy(array) for array in arrays)


class ReaderStudent(nn.Module):  # type: ignore[misc, unused-ignore]
    """Three of the teacher's layers over the static encoder's words, and what says whether it answers."""

    def __init__(self, teacher: Path, frequent: int) -> None:
        from transformers import AutoModel

        super().__init__()
        taught = AutoModel.from_pretrained(str(teacher), attn_implementation="eager")
        given = taught.embeddings
        self.layers = nn.ModuleList([taught.encoder.layer[number] for number in LAYERS])
        self.places = nn.Parameter(given.position_embeddings.weight.detach()[:POSITIONS].clone())
        self.sides = nn.Parameter(torch.zeros(2, WIDTH) + given.token_type_embeddings.weight.detach()[:1])
        self.norm = given.LayerNorm
        self.words = nn.Linear(256, WIDTH)
        self.length = nn.Linear(1, WIDTH)
        self.own = nn.Embedding(frequent + 1, NARROW, padding_idx=0)
        self.up = nn.Linear(NARROW, WIDTH, bias=False)
        self.near = nn.Linear(2, WIDTH)
        self.out = nn.Sequential(nn.Linear(2 * WIDTH, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, 1))
        for weight, spread in (
            (self.words.weight, float(given.word_embeddings.weight.std()) / LOUDER),
            (self.own.weight, 0.02),
            (self.up.weight, 0.1),
            (self.near.weight, 0.02),
        ):
            nn.init.normal_(weight, std=spread)
        nn.init.zeros_(self.words.bias)
        nn.init.zeros_(self.length.weight)
        self.own.weight.data[0] = 0

    def forward(self, vectors: Tensor, lengths: Tensor, rows: Tensor, marks: Tensor, sides: Tensor) -> Tensor:
        """Return one vector a word, shape (texts, longest, WIDTH)."""
        near = vectors @ vectors.transpose(1, 2)
        other = (sides[:, :, None] != sides[:, None, :]) & (marks[:, None, :] > 0)
        near = near.masked_fill(~other, -1.0).amax(2)
        flow = self.words(vectors * LOUDER) + self.length(lengths[..., None]) + self.up(self.own(rows))
        flow = flow + self.near(torch.stack([near, near * near.abs()], 2))
        flow = self.norm(flow + self.places[: vectors.shape[1]] + self.sides[sides])
        hidden = (1.0 - marks)[:, None, None, :] * -1e4
        for layer in self.layers:
            flow = layer(flow, hidden.to(flow.dtype))
            flow = flow[0] if isinstance(flow, tuple) else flow
        return flow.float()

    def sentence(self, *batch: Tensor) -> Tensor:
        """Return the direction of each text that stands alone."""
        found = _mean(self(*batch), batch[3])
        return nn.functional.normalize(found, dim=1)

    def answers(self, *batch: Tensor) -> Tensor:
        """Return for each pair the log odds that the second text answers the first."""
        flow, marks, sides = self(*batch), batch[3], batch[4]
        pooled = torch.cat([_mean(flow, marks * (sides == side)) for side in (0, 1)], 1)
        found: Tensor = self.out(pooled.to(self.out[0].weight.dtype))[:, 0]
        return found


def _mean(flow: Tensor, marks: Tensor) -> Tensor:
    return (flow * marks[..., None]).sum(1) / marks.sum(1, keepdim=True).clamp(min=1)
