"""Whether a question is of a kind that documents settle: what the nearest written questions say."""

from pathlib import Path

import numpy as np
import pytest

from knowledge.encoder.static import shipped
from knowledge.errors import EncoderUnavailable
from knowledge.kinds import NEIGHBOURS, Kinds, shipped_kinds
from knowledge.ports import Vectors


def kinds(shares: list[int], groups: list[int]) -> Kinds:
    """Every question lies in the first of two directions, so that only shares and groups decide."""
    count = len(shares)
    return Kinds(
        np.eye(2, dtype=np.float32),
        np.tile(np.array([127, 0], dtype=np.int8), (count, 1)),
        np.full(2, 1 / 127, dtype=np.float32),
        np.array(shares, dtype=np.uint8),
        np.array(groups, dtype=np.uint16),
    )


ASKED: Vectors = np.array([1.0, 0.0], dtype=np.float32)


@pytest.mark.parametrize(
    ("shares", "odds"),
    [
        ([10] * NEIGHBOURS, 5.29),
        ([0] * NEIGHBOURS, -5.29),
        ([10, 0] * (NEIGHBOURS // 2), 0.0),
        ([5] * NEIGHBOURS, 0.0),
        ([10], 5.29),
    ],
)
def test_the_odds_are_those_of_the_neighbours_and_finite(shares: list[int], odds: float) -> None:
    assert kinds(shares, [0] * len(shares)).log_odds(ASKED) == pytest.approx(odds, abs=0.01)


def test_a_group_left_out_does_not_speak_for_itself() -> None:
    mixed = kinds([10] * NEIGHBOURS + [0] * NEIGHBOURS, [7] * NEIGHBOURS + [8] * NEIGHBOURS)
    assert mixed.log_odds(ASKED, apart_from=7) == pytest.approx(-5.29, abs=0.01)
    assert mixed.log_odds(ASKED, apart_from=8) == pytest.approx(5.29, abs=0.01)


def test_near_questions_count_and_far_ones_do_not() -> None:
    near_and_far = Kinds(
        np.eye(2, dtype=np.float32),
        np.array([[127, 0]] * NEIGHBOURS + [[0, 127]] * NEIGHBOURS, dtype=np.int8),
        np.full(2, 1 / 127, dtype=np.float32),
        np.array([10] * NEIGHBOURS + [0] * NEIGHBOURS, dtype=np.uint8),
        np.zeros(2 * NEIGHBOURS, dtype=np.uint16),
    )
    assert near_and_far.log_odds(ASKED) > 5
    assert near_and_far.log_odds(ASKED[::-1]) < -5


@pytest.mark.parametrize(
    ("settled", "open_"),
    [
        ("May I get a copy of everything you hold about me?", "Where do I change the colour of the window?"),
        ("Ali dobim denar nazaj, če odpovem sredi meseca?", "Kako uvozim stike iz Excela?"),
        ("Ar galiu susigrąžinti pinigus už nepanaudotą laiką?", "Kaip prijungti telefono programėlę?"),
        ("Kui kaua te minu andmeid pärast konto sulgemist hoiate?", "Kas teil on Androidi rakendus?"),
        ("Кой има достъп до личните ми данни?", "Кога излиза новата версия на приложението?"),
    ],
)
def test_what_documents_settle_is_told_from_what_they_do_not(settled: str, open_: str) -> None:
    first, second = shipped().encode([settled, open_])
    assert shipped_kinds().log_odds(first) > shipped_kinds().log_odds(second) + 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable, match=r"kinds\.npz cannot be read"):
        shipped_kinds(tmp_path)
