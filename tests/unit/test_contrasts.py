"""The written contrasts, and what is measured on them."""

import re
from pathlib import Path

import pytest

from knowledge.encoder.training.contrast import read_contrasts
from knowledge.encoder.training.topics import LANGUAGES
from tests.bench.contrasts import area, measured

CYRILLIC = re.compile("[а-я]", re.IGNORECASE)


def test_every_clause_has_questions_that_it_answers_and_others() -> None:
    items = read_contrasts()
    assert len({(item.text, item.language) for item in items}) == len(items)
    assert len({item.text for item in items}) > 2000
    assert {item.language for item in items} == set(LANGUAGES)
    for item in items:
        assert (len(item.answered), len(item.unanswered)) in {(6, 6), (5, 4), (3, 2)}, item.text
        assert not {*item.answered} & {*item.unanswered}, item.text
        assert all(text.strip() for text in (item.text, *item.answered, *item.unanswered))


def test_bulgarian_in_latin_letters_gives_nothing_away() -> None:
    """Of both lists about as many questions are in Latin letters: what answers must be told by reading."""
    own = [item for item in read_contrasts() if item.language == "bg"]
    shares = [
        sum(not CYRILLIC.search(text) for text in texts) / len(texts)
        for texts in (
            [text for item in own for text in item.answered],
            [text for item in own for text in item.unanswered],
        )
    ]
    assert min(shares) > 0.05
    assert max(shares) < 2 * min(shares)


def test_one_clause_in_eight_is_kept_out_in_every_language() -> None:
    for language in LANGUAGES:
        own = [item for item in read_contrasts() if item.clause_language == language]
        assert 0.04 < sum(item.kept_out for item in own) / len(own) < 0.2


@pytest.mark.parametrize("text", ["[[item]]\nclause = ['H', 'T']\nanswered = []\n", "item = 1", "[[item]"])
def test_a_file_that_lacks_something_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "sl.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"sl\.toml"):
        read_contrasts(tmp_path)


def test_the_language_of_the_questions_stands_behind_that_of_the_clauses(tmp_path: Path) -> None:
    item = "[[item]]\nclause = ['H', 'T']\nanswered = ['a']\nunanswered = ['b']\n"
    for name in ("sl", "lt_en"):
        (tmp_path / f"{name}.toml").write_text(item, encoding="utf-8")
    found = [(one.clause_language, one.language, one.text) for one in read_contrasts(tmp_path)]
    assert found == [("lt", "en", "H. T"), ("sl", "sl", "H. T")]


def test_english_questions_may_stand_beside_the_others(tmp_path: Path) -> None:
    item = "[[item]]\nclause = ['H', 'T']\nanswered = ['a']\nunanswered = ['b']\n"
    (tmp_path / "et.toml").write_text(
        item + "answered_en = ['c']\nunanswered_en = ['d']\n" + item.replace("'T'", "'U'"), encoding="utf-8"
    )
    found = [(one.clause_language, one.language, one.text, one.answered) for one in read_contrasts(tmp_path)]
    assert found == [
        ("et", "et", "H. T", ("a",)),
        ("et", "en", "H. T", ("c",)),
        ("et", "et", "H. U", ("a",)),
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "share"),
    [([2.0], [1.0], 1.0), ([1.0], [2.0], 0.0), ([1.0], [1.0], 0.5), ([1.0, 3.0], [2.0], 0.5)],
)
def test_the_area_counts_pairs(right: list[float], wrong: list[float], share: float) -> None:
    assert area(right, wrong) == share


def test_a_clause_is_looked_for_among_those_of_its_language() -> None:
    items = [item for item in read_contrasts() if item.language == item.clause_language == "sl"][:5]
    ranks, right, wrong = measured(items)
    assert len(ranks) == len(right) == len(wrong) == 30
    assert set(ranks) <= {1, 2, 3, 4, 5}
    assert sum(rank == 1 for rank in ranks) > 15
    assert all(0 <= chance <= 1 for chance in (*right, *wrong))
