"""Frames between the bot and the process that runs Chroma, and what must not be taken for one."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.adapters.chroma_store import ChromaStore
from knowledge.adapters.chroma_wire import LENGTHS, BrokenFrame, Message, pack, rest, unpack
from knowledge.adapters.chroma_worker import serve


def taken_apart(frame: bytes) -> tuple[bytes, bytes]:
    lengths, content = frame[: LENGTHS.size], frame[LENGTHS.size :]
    assert rest(lengths) == len(content)
    return lengths, content


@given(st.dictionaries(st.text(), st.lists(st.text()) | st.integers() | st.text()), st.integers(0, 5))
def test_what_is_packed_comes_out(message: Message, rows: int) -> None:
    message.pop("shape", None)
    numbers = np.arange(rows * 3, dtype=np.float32).reshape(rows, 3)
    told, found = unpack(*taken_apart(pack(message, numbers)))
    assert {**message, "shape": [rows, 3]} == told
    assert found.dtype == np.float32
    assert np.array_equal(found, numbers)


def test_without_numbers_there_are_none() -> None:
    told, found = unpack(*taken_apart(pack({"call": "open"})))
    assert told == {"call": "open"}
    assert found.shape == (0,)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1, 2]", b"\xff\xfe", b'{"shape": [9, 9]}', b'{"shape": "x"}', b'"shape"'],
)
def test_other_bytes_are_no_frame(content: bytes) -> None:
    with pytest.raises(BrokenFrame):
        unpack(LENGTHS.pack(len(content), 0), content)


def test_numbers_that_are_cut_are_no_frame() -> None:
    lengths, content = taken_apart(pack({}, np.ones((2, 2), dtype=np.float32)))
    with pytest.raises(BrokenFrame):
        unpack(lengths, content[:-3])


def test_a_length_beyond_reason_is_no_frame() -> None:
    with pytest.raises(BrokenFrame):
        rest(LENGTHS.pack(2**32 - 1, 2**32 - 1))


@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        ({"call": "no such call"}, "no such call"),
        ({}, "call"),
        ({"call": "count", "name": "never opened"}, "not open"),
        ({"call": "count"}, "name"),
    ],
)
def test_a_wrong_request_is_answered_and_the_next_is_heard(
    request_: Message, fault: str, tmp_path: Path
) -> None:
    asked, answers = io.BytesIO(pack(request_) + pack(request_) + b"\x00"), io.BytesIO()
    serve(ChromaStore(tmp_path), asked, answers)
    answer = answers.getvalue()
    half = len(answer) // 2
    assert answer[:half] == answer[half:]
    told, _ = unpack(*taken_apart(answer[:half]))
    assert fault in told["fault"]
    assert told["kind"] == "unavailable"


def test_bytes_that_are_no_frame_end_the_service(tmp_path: Path) -> None:
    answers = io.BytesIO()
    serve(ChromaStore(tmp_path), io.BytesIO(b"\xff" * 64), answers)
    assert answers.getvalue() == b""
