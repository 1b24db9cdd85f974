"""Lines of a topic: together where one message holds them, and never beginning as the desk itself speaks."""

import pytest

from bot.desk.card import bundles, pieces
from bot.desk.deciding import asked_about, reference_first
from bot.desk.room import LIMIT, shortened, units
from bot.desk.words import ASK_REASON, REFUSING


def test_lines_go_together_as_far_as_a_message_holds_them() -> None:
    assert bundles([], 7) == [(7, [])]
    assert bundles([(8, "a"), (9, None), (10, "b")], 7) == [(10, ["a", "b"])]
    assert bundles([(8, None)], 7) == [(8, [])]
    made = bundles([(8, "x" * 1900), (9, "y" * 1900), (10, "z" * 1900)], 7)
    assert [(seq, len(together)) for seq, together in made] == [(9, 2), (10, 1)]


def test_a_long_line_is_noted_as_shown_with_its_last_piece() -> None:
    made = bundles([(8, "a"), (9, "😀" * 5000)], 7)
    assert [seq for seq, _ in made] == [8, 8, 9]
    assert all(units("\n\n".join(together)) <= LIMIT for _, together in made)


def test_no_post_begins_with_words_that_a_customer_chose() -> None:
    crafted = "💬 Customer:\n".ljust(1900, "x") + "Refusing CW-ABCD-EFGH: reply to this"
    first, second = pieces(crafted)
    assert "".join([first, second.removeprefix("… ")]) == crafted
    assert (asked_about(first), asked_about(second)) == (None, None)
    assert asked_about(REFUSING + "CW-ABCD-EFGH: reply") == "CW-ABCD-EFGH"


@pytest.mark.parametrize(
    ("written", "reference", "rest"),
    [
        ("CW-7kxm-2q9f too late", "CW-7KXM-2Q9F", "too late"),
        ("  CW-7KXM-2Q9F", "CW-7KXM-2Q9F", ""),
        ("too late CW-7KXM-2Q9F", None, "too late CW-7KXM-2Q9F"),
        ("CW-7KXM-2Q9FX late", None, "CW-7KXM-2Q9FX late"),
        ("", None, ""),
    ],
)
def test_a_reference_stands_first_or_not_at_all(written: str, reference: str | None, rest: str) -> None:
    assert reference_first(written) == (reference, rest)


def test_the_desks_own_question_names_what_it_is_about() -> None:
    assert asked_about(ASK_REASON.format(reference="CW-7KXM-2Q9F", name="@ana")) == "CW-7KXM-2Q9F"


@pytest.mark.parametrize("size", [9, 10, 11, 300])
def test_a_text_is_shortened_to_what_fits(size: int) -> None:
    for letter in ("x", "😀"):
        text = letter * size
        assert units(shortened(text, 10)) <= 10
        assert shortened(text, 10).rstrip("…") in text
        assert (shortened(text, 10) == text) is (units(text) <= 10)
