"""Two wordings beside one another."""

import pytest

from bot.comparing import differences, marked, side_by_side

OLD = "Within 15 days of the last invoice.\n\nLater requests are declined."
NEW = "Within 10 days of the last invoice.\n\nLater requests wait."


def test_what_differs_is_marked_on_its_own_side() -> None:
    left, right = marked(OLD, NEW)
    assert left == "Within [-15-] days of the last invoice.\n\nLater requests [-are declined.-]"
    assert right == "Within {+10+} days of the last invoice.\n\nLater requests {+wait.+}"


@pytest.mark.parametrize(
    ("old", "new", "left", "right"),
    [
        ("a b", "a b", "a b", "a b"),
        ("a  b", "a b", "a b", "a b"),
        ("", "a b", "", "{+a b+}"),
        ("a b", "", "[-a b-]", ""),
        ("a b", "a x b", "a b", "a {+x+} b"),
        ("a", "a\n\nb c\nd", "a", "a\n\n{+b c+}\n{+d+}"),
    ],
)
def test_marks(old: str, new: str, left: str, right: str) -> None:
    assert marked(old, new) == (left, right)


def test_differences_put_both_texts_together_again() -> None:
    found = differences(OLD, NEW)
    assert [what for what, _, _ in found] == ["equal", "replace", "equal", "replace"]
    assert " ".join(old for _, old, _ in found) == " ".join(OLD.split())
    assert " ".join(new for _, _, new in found) == " ".join(NEW.split())


@pytest.mark.parametrize("width", [60, 80, 200])
def test_columns_fit_the_terminal_and_lose_no_word(width: int) -> None:
    lines = list(side_by_side(OLD, NEW, width=width, heads=("accepted", "now")))
    assert max(map(len, lines)) <= width
    assert lines[0].split() == ["accepted", "|", "now"]
    right = " ".join(line.partition(" | ")[2] for line in lines[2:])
    assert right.split() == marked(OLD, NEW)[1].split()
