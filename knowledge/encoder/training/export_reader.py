"""Writes what `knowledge.encoder.reader` reads: one file for onnxruntime, its matrices in eight bits."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from knowledge.encoder.reader import FREQUENT, MODEL
from knowledge.encoder.training.reader_student import ReaderStudent

INPUTS = ("vectors", "lengths", "rows", "sides")
OPERATORS = 17


class _OnePair(nn.Module):  # type: ignore[misc, unused-ignore]
    """The student on a single pair, where nothing is filled up."""

    def __init__(self, student: ReaderStudent) -> None:
        super().__init__()
        self.student = student

    def forward(self, vectors: Tensor, lengths: Tensor, rows: Tensor, sides: Tensor) -> Tensor:
        return self.student.answers(vectors, lengths, rows, torch.ones_like(lengths), sides)


def write_reader(folder: Path, student: ReaderStudent, frequent: Sequence[str]) -> None:
    """Write the reader beside the encoder's weights in `folder`.

    The weights keep seven of the eight bits, lest products overflow on processors without the newest
    instructions and judgements differ from machine to machine.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    example = (
        torch.randn(1, 20, 256),
        torch.zeros(1, 20),
        torch.zeros(1, 20, dtype=torch.long),
        torch.tensor([[0] * 8 + [1] * 12]),
    )
    student.eval()
    with tempfile.TemporaryDirectory(prefix="clausewise-reader-") as scratch:
        wide = Path(scratch) / MODEL
        torch.onnx.export(
            _OnePair(student),
            example,
            str(wide),
            input_names=list(INPUTS),
            output_names=["odds"],
            dynamic_axes={name: {1: "words"} for name in INPUTS},
            opset_version=OPERATORS,
            dynamo=False,
        )
        quantize_dynamic(
            wide, folder / MODEL, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True
        )
    (folder / FREQUENT).write_text("\n".join(frequent), encoding="utf-8")
