"""What goes between the bot and the process that runs Chroma: frames over two pipes.

A frame is two lengths (little-endian, four bytes each), a JSON object and raw float32 numbers. Nothing
that comes over it is ever executed, as a pickle could be.
"""

import json
import struct
from typing import Any

import numpy as np

from knowledge.ports import Vectors

LENGTHS = struct.Struct("<II")
# A frame that claims to be longer is none: the largest of ours, 200 vectors of 4,096 numbers, has 3 MB.
MOST_BYTES = 64 << 20

Message = dict[str, Any]


class BrokenFrame(ValueError):  # noqa: N818  (what was read, not what was done)
    """What was read is no frame."""


def pack(message: Message, numbers: Vectors | None = None) -> bytes:
    """Return a frame; `numbers` of any shape, which travels along."""
    body = b""
    if numbers is not None:
        message = {**message, "shape": list(numbers.shape)}
        body = np.ascontiguousarray(numbers, dtype="<f4").tobytes()
    head = json.dumps(message).encode()
    return LENGTHS.pack(len(head), len(body)) + head + body


def rest(lengths: bytes) -> int:
    """Return how many bytes follow the lengths that a frame begins with."""
    head, body = LENGTHS.unpack(lengths)
    total = int(head) + int(body)
    if total > MOST_BYTES:
        raise BrokenFrame(f"a frame of {total} bytes")
    return total


def unpack(lengths: bytes, content: bytes) -> tuple[Message, Vectors]:
    """Return the message of a frame and its numbers; none: an empty array."""
    head, _ = LENGTHS.unpack(lengths)
    try:
        message = json.loads(content[:head])
        numbers = np.frombuffer(content[head:], dtype="<f4").astype(np.float32)
        return message, numbers.reshape(message.get("shape", [len(numbers)]))
    except (ValueError, AttributeError, TypeError) as fault:
        raise BrokenFrame(str(fault)) from fault
