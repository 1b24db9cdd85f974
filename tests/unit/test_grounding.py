"""The truth table of grounding: what an answer may say of what its clauses say."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.grounding import check, figures, is_verbatim, ungrounded
from knowledge.model import Citation, Clause


def clause(text: str, name: str = "c1", heading: str = "Refunds") -> Clause:
    return Clause(name, "t.md", "T", 1, date(2024, 1, 1), None, heading, (heading,), 0, "en", text, text)


def cite(text: str, quote: str | None = None, name: str = "c1") -> Citation:
    return Citation(clause(text, name), text if quote is None else quote)


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ("within 15 days", "no later than 15 days"),
        ("half of it, 50%", "limited to 50 %"),
        ("1,000.50", "1 000,50"),
        ("1000", "1.000"),
        ("12 345 records", "12345 records"),
        ("99.90 €", "€99,90"),
        ("$29", "USD 29"),
        ("on 2023-10-02", "on 2. 10. 2023"),
        ("2.10.2023", "2023-10-02"),
        ("write to Help@Example.com", "help@example.com"),
        ("see https://www.example.com/terms/", "example.com/terms."),
        ("Vine Street 12/A", "at Vine Street 12/A, Townsville"),
        ("no figures at all", ""),
        ("rule 007", "rule 7"),
    ],
)
def test_what_stands_in_a_clause(said: str, stands: str) -> None:
    assert ungrounded(said, [stands]) == []


@pytest.mark.parametrize(
    ("said", "stands", "missing"),
    [
        ("within 16 days", "within 15 days", "16"),
        ("within 14 days", "within 15 days", "14"),
        ("30", "1.30", "30"),
        ("5", "50", "5"),
        ("50 %", "50 days", "50 %"),
        ("29 €", "29 USD", "29 €"),
        ("1.5", "15", "1.5"),
        ("2023-10-02", "2023-02-10", "2023-10-02"),
        ("me@example.com", "us@example.com", "me@example.com"),
        ("https://example.org", "https://example.com", "https://example.org"),
        ("evil.example.com", "example.com", "evil.example.com"),
        ("Vine Street 12/B", "Vine Street 12/A", "Street 12/B"),
        ("7", "", "7"),
    ],
)
def test_what_does_not(said: str, stands: str, missing: str) -> None:
    assert missing in [figure.shown for figure in ungrounded(said, [stands])]


def test_a_figure_may_stand_in_any_cited_clause() -> None:
    assert ungrounded("15 days and 50 %", ["15 days", "50 %"]) == []


@pytest.mark.parametrize(
    ("quote", "source", "verbatim"),
    [
        ("one  two", "zero one\ntwo three", True),
        ("one two", "one, two", False),
        ("One two", "one two", False),
        ("", "one", False),
        ("  ", "one", False),
    ],
)
def test_verbatim(quote: str, source: str, verbatim: bool) -> None:
    assert is_verbatim(quote, source) is verbatim


@pytest.mark.parametrize(
    ("text", "citations", "current", "reasons"),
    [
        ("Refunds take 5 days.", [cite("They take 5 days.")], {"c1"}, ()),
        ("Refunds take 5 days.", [], {"c1"}, ("no-citation", "number not in a cited clause: 5")),
        ("Refunds take 6 days.", [cite("They take 5 days.")], {"c1"}, ("number not in a cited clause: 6",)),
        ("Yes.", [cite("They take 5 days.", "They take 6 days.")], {"c1"}, ("not-verbatim: c1",)),
        ("Yes.", [cite("They take 5 days.")], {"c2"}, ("not-in-library: c1",)),
        ("Yes.", [cite("They take 5 days."), cite("Old.", name="c0")], {"c1"}, ("not-in-library: c0",)),
    ],
)
def test_the_truth_table(
    text: str, citations: list[Citation], current: set[str], reasons: tuple[str, ...]
) -> None:
    grounding = check(text, citations, current)
    assert grounding.reasons == reasons
    assert grounding.holds is (not reasons)


def test_a_heading_is_part_of_its_clause() -> None:
    cited = Citation(clause("It is so.", heading="30 days"), "It is so.")
    assert check("30 days", [cited], {"c1"}).holds


@given(st.text())
def test_a_text_is_grounded_in_itself(text: str) -> None:
    assert ungrounded(text, [text]) == []


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_numbers_are_equal_only_to_themselves(one: int, other: int) -> None:
    assert (ungrounded(f"it is {one}.", [f"it is {other}."]) == []) is (one == other)


def test_figures_of_a_sentence() -> None:
    told = figures("Pay 29 € by 3. 5. 2024 at www.example.com or ask a@b.com.")
    assert {(figure.kind, reading) for figure in told for reading in figure.readings} == {
        ("number", "29"),
        ("amount", "29 EUR"),
        ("date", "2024-05-03"),
        ("url", "example.com"),
        ("e-mail", "a@b.com"),
    }
