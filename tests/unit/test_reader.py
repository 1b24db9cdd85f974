"""The reader that ships: what it promises of its numbers, and how well it tells what answers."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from knowledge.encoder.reader import CLAUSE, FREQUENT, MODEL, NOTHING, QUESTION, Reader, shipped_reader
from knowledge.encoder.static import WEIGHTS
from knowledge.encoder.training.contrast import Contrast, read_contrasts
from knowledge.errors import EncoderUnavailable

GOLDEN = Path(__file__).parents[1] / "samples" / "reader.golden.json"
KEPT_FOR = "Logs. We keep server logs for ninety days and then delete them."
ASKED = "How long do you keep server logs?"
FILLER = "The parties agree on the colour of the roof and on the shape of the garden. " * 20


def test_judgements_are_the_same_on_every_platform() -> None:
    """The golden file was written where the weights were made; sums of whole numbers in eight bits, but the
    steps are chosen by what is read, so that the last bit of a float may move one.
    """
    for row in json.loads(GOLDEN.read_text(encoding="utf-8")):
        found = shipped_reader().judge(row["question"], row["clause"])
        assert found == pytest.approx(row["log_odds"], abs=0.05), row["question"]


@pytest.mark.parametrize(
    ("question", "clause"), [("", KEPT_FOR), ("?!", KEPT_FOR), (ASKED, ""), (ASKED, " ")]
)
def test_where_there_is_no_word_there_is_no_answer(question: str, clause: str) -> None:
    assert shipped_reader().judge(question, clause) == NOTHING


def test_words_that_nobody_knows_are_no_error() -> None:
    assert np.isfinite(shipped_reader().judge("☃ ☃☃ 漢字", "漢字 ☃"))


def test_of_a_long_clause_the_nearest_part_is_read() -> None:
    """What answers is found behind more words than are read at once."""
    assert len(FILLER.split()) > 3 * CLAUSE
    judge = shipped_reader().judge
    never = judge(ASKED, FILLER)
    assert judge(ASKED, f"{KEPT_FOR} {FILLER}") > never + 1
    assert judge(ASKED, f"{FILLER} {KEPT_FOR}") > never + 1


def test_of_a_long_question_the_beginning_is_read() -> None:
    asked = [f"word{number}" for number in range(3 * QUESTION)]
    judge = shipped_reader().judge
    assert judge(" ".join(asked), KEPT_FOR) == judge(" ".join(asked[:QUESTION]), KEPT_FOR)


def test_threads_may_share_it() -> None:
    judge = shipped_reader().judge
    questions = [f"{ASKED} {number}" for number in range(40)]
    alone = [judge(question, KEPT_FOR) for question in questions]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda question: judge(question, KEPT_FOR), questions)) == alone


def test_a_question_that_the_clause_answers_is_before_one_that_it_does_not() -> None:
    """On contrasts kept out of training, whose two lists look alike; .5 would be chance."""
    kept = [item for item in read_contrasts() if item.kept_out][::4]
    assert len(kept) > 80
    right = judged(kept, answered=True)
    wrong = judged(kept, answered=False)
    assert float((right[:, None] > wrong[None]).mean()) > 0.65


def judged(items: list[Contrast], *, answered: bool) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(
        [
            shipped_reader().judge(question, item.text)
            for item in items
            for question in (item.answered if answered else item.unanswered)
        ]
    )


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "another"])
def test_damaged_weights_are_an_error_that_says_what_to_do(damage: str, tmp_path: Path) -> None:
    shutil.copy(WEIGHTS / FREQUENT, tmp_path)
    if damage == "empty":
        (tmp_path / MODEL).touch()
    elif damage == "cut":
        whole = (WEIGHTS / MODEL).read_bytes()
        (tmp_path / MODEL).write_bytes(whole[: len(whole) // 2])
    elif damage == "another":
        shutil.copy(WEIGHTS / "kinds.npz", tmp_path / MODEL)
    with pytest.raises(EncoderUnavailable, match="install the package again"):
        Reader(tmp_path)
