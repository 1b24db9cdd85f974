"""From the trained rows to the files that ship: whole numbers of eight bits with a scale for each row."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from knowledge.ports import Vectors

# To be raised whenever folding, pieces or sums change in a way that the weights' digest does not show.
FORM = 1


def write_weights(folder: Path, names: Sequence[str], rows: Vectors) -> str:
    """Write `encoder.json`, `pieces.txt`, `rows.npy` and `scales.npy`; return the encoder's name.

    A row is off by at most 1/254 of its largest number, which turns a text's vector by far less than
    what one more word does.
    """
    scales = np.maximum(np.abs(rows).max(axis=1), 1e-12).astype(np.float32) / 127
    whole = np.rint(rows / scales[:, None]).astype(np.int8)
    digest = hashlib.sha256("\n".join(names).encode() + whole.tobytes() + scales.tobytes()).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "rows.npy", whole)
    np.save(folder / "scales.npy", scales)
    (folder / "pieces.txt").write_text("\n".join(names), encoding="utf-8")
    about = {
        "name": f"static-{FORM}-{digest[:12]}",
        "sha256": digest,
        "pieces": len(names),
        "dimensions": rows.shape[1],
    }
    (folder / "encoder.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return str(about["name"])
