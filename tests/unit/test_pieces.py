"""Words as the encoder reads them."""

import pytest

from knowledge.encoder.pieces import LONGEST, Pieces, grams, tokens


def test_tokens_are_folded_alike_in_every_language() -> None:
    assert tokens("Račun št. 15, ÕIGUS!") == ["racun", "st", "15", "oigus"]
    assert tokens("фактура") == tokens("Faktura")


def test_a_very_long_word_is_read_by_its_beginning() -> None:
    assert tokens("a" * 500) == ["a" * LONGEST]


def test_grams_mark_the_ends_of_a_word() -> None:
    assert grams("račun")[0] == "<ra"
    assert {"ačun>", "<raču"} <= set(grams("račun"))
    assert grams("15") == []


def test_every_gram_has_three_to_six_letters() -> None:
    assert {len(gram) for gram in grams("odjavnina")} == {3, 4, 5, 6}


@pytest.mark.parametrize("word", ["dan", "neznano", ""])
def test_the_grams_together_count_as_the_root_of_their_number(word: str) -> None:
    names = [" dan", "<da", "dan", "an>"]
    rows, shares = Pieces(names).of(word)
    assert len(rows) == len(shares)
    if word == "dan":
        assert rows == [0, 1, 2, 3]
        assert shares[0] == 1.0
        assert sum(share**2 for share in shares[1:]) == pytest.approx(1.0)
    else:
        assert rows == []
