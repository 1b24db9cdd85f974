"""What the encoder is taught on: which rows are taken, how they are bent, and what is kept out."""

import gzip
import random
from pathlib import Path

import numpy as np
import pytest

from knowledge.encoder.pieces import Pieces, grams
from knowledge.encoder.training.bags import Runs, Words
from knowledge.encoder.training.corpus import MOST_ROWS, family, read_pairs
from knowledge.encoder.training.spelling import in_latin, with_slips
from knowledge.encoder.training.topics import LANGUAGES, read_topics
from knowledge.encoder.training.vocabulary import choose
from knowledge.folding import fold


def write(folder: Path, language: str, rows: list[tuple[str, str, str]]) -> None:
    with gzip.open(folder / f"en-{language}.tsv.gz", "wt", encoding="utf-8") as lines:
        lines.writelines("\t".join(row) + "\n" for row in rows)


def test_rows_without_a_clear_licence_and_test_sets_are_left_out(tmp_path: Path) -> None:
    write(
        tmp_path,
        "sl",
        [
            ("Pay now", "Plačaj zdaj", "adyen-web"),
            ("News of the day", "Novice dneva", "ntrex128"),
            ("Purpose one", "Namen ena", "iab-tcf"),
            ("Room", "Soba", "rocketchat"),
        ],
    )
    write(tmp_path, "de", [("Room", "Raum", "rocketchat")])
    assert {(pair.language, pair.english) for pair in read_pairs(tmp_path)} == {
        ("sl", "Pay now"),
        ("de", "Room"),
    }


def test_a_large_collection_is_sampled_always_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MOST_ROWS, "eforms", 3)
    write(tmp_path, "lt", [(f"Good {n}", f"Prekė {n}", "eforms-code") for n in range(9)])
    pairs = read_pairs(tmp_path)
    assert len(pairs) == 3
    assert pairs == read_pairs(tmp_path)


def test_no_data_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="en-XX"):
        read_pairs(tmp_path)


def test_the_flag_behind_a_source_does_not_count() -> None:
    assert family("ms-alchemy-mt") == family("ms-alchemy-ht") == "ms-alchemy"


def test_one_writer_keeps_to_one_spelling() -> None:
    typed = in_latin("шише шал шум", random.Random(3))
    assert len({word[0] for word in typed.split()}) == 1
    assert not fold(typed, "").strip(" abcdefghijklmnopqrstuvwxyz0123456789")


def test_slips_leave_short_words_and_word_count() -> None:
    text = "ali se da to popraviti danes popoldne"
    slipped = with_slips(text, random.Random(1), share=1.0).split()
    assert len(slipped) == len(text.split())
    assert slipped[:4] == text.split()[:4]
    assert slipped[4] != "popraviti"


def test_frequent_words_and_grams_of_many_words_get_rows() -> None:
    names = choose({"racun": 9, "racuna": 5, "pes": 1}, words=2, parts=5)
    assert names[:2] == [" racun", " racuna"]
    assert set(names[2:]) <= set(grams("racun"))


def test_runs_give_back_what_was_put_in() -> None:
    runs = Runs.of([[1, 2], [3], [4, 5, 6]])
    values, starts, _ = runs.take(np.array([2, 0]))
    assert values.tolist() == [4, 5, 6, 1, 2]
    assert starts.tolist() == [0, 3]


def test_a_text_without_words_still_has_one() -> None:
    words = Words()
    runs = words.read(["…", "dan"])
    assert np.diff(runs.starts).tolist() == [1, 1]
    rows, shares = words.pieces(Pieces([" dan"]))
    assert len(rows) == 2
    assert shares.tolist() == [1.0]


def test_every_topic_is_whole_and_about_a_third_is_kept_out() -> None:
    topics = read_topics()
    assert len(topics) > 100
    for topic in topics:
        assert set(topic.sides) == set(LANGUAGES)
        for side in topic.sides.values():
            assert len(side.clauses) == 2
            assert len(side.questions) >= 10
            assert len(set(side.questions)) == len(side.questions)
    assert 0.25 < sum(topic.kept_out for topic in topics) / len(topics) < 0.42


def test_a_faulty_topic_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text('[sl]\nquestions = ["a"]\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"broken\.toml"):
        read_topics(tmp_path)
