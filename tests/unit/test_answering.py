"""Answers quote: the customer's language version, verbatim, with supports that score close."""

from collections.abc import Sequence
from datetime import date

import pytest

from knowledge.answering import Answering, in_language
from knowledge.model import Clause, Grounded, NotFound, Passage, SearchResult


def clause(name: str, language: str, anchor: str | None = None, document: str = "terms") -> Clause:
    return Clause(
        name,
        f"{document}.{language}.md",
        "Terms",
        1,
        date(2024, 1, 1),
        anchor,
        "H",
        ("H",),
        0,
        language,
        f"Text of {name},\n  as it stands.",
        name,
    )


class Found:
    """Answers every question with the same passages."""

    def __init__(self, *passages: Passage, found: bool = True, doubtful: bool = False) -> None:
        self._result = SearchResult("found" if found else "not_found", passages, doubtful=doubtful)
        self.clauses: Sequence[Clause] = ()

    async def search(self, question: str, *, language: str | None = None, count: int = 20) -> SearchResult:
        return self._result

    async def library(self) -> Sequence[Clause]:
        return self.clauses


EN, SL, LT = clause("pay-en", "en", "pay"), clause("pay-sl", "sl", "pay"), clause("pay-lt", "lt", "pay")
ONLY_EN, OTHER_EN = clause("law", "en", "law"), clause("seat", "en", "seat")
PLAIN_LT = clause("scraped", "lt")
LIBRARY = [EN, SL, LT, ONLY_EN, OTHER_EN, PLAIN_LT]


async def ask(found: Found, language: str, library: Sequence[Clause] = LIBRARY) -> Grounded | NotFound:
    found.clauses = library
    return await Answering(found).answer("?", language=language)


async def test_the_quote_is_verbatim() -> None:
    answer = await ask(Found(Passage(EN, 0.9)), "en")
    assert isinstance(answer, Grounded)
    assert [(c.clause, c.quote, c.other_language) for c in answer.citations] == [(EN, EN.text, False)]


async def test_translations_are_one_citation_in_the_customers_language() -> None:
    answer = await ask(Found(Passage(LT, 0.9), Passage(EN, 0.89), Passage(SL, 0.88)), "sl")
    assert isinstance(answer, Grounded)
    assert [(c.clause, c.other_language) for c in answer.citations] == [(SL, False)]
    assert answer.language == "sl"


async def test_the_customers_version_need_not_be_among_the_passages() -> None:
    answer = await ask(Found(Passage(EN, 0.9)), "sl")
    assert isinstance(answer, Grounded)
    assert answer.citations[0].clause == SL


async def test_a_clause_in_another_language_alone_says_so() -> None:
    for only in (ONLY_EN, PLAIN_LT):
        answer = await ask(Found(Passage(only, 0.9)), "sl")
        assert isinstance(answer, Grounded)
        assert (answer.citations[0].clause, answer.citations[0].other_language) == (only, True)


async def test_versions_in_two_foreign_languages_are_one_citation() -> None:
    answer = await ask(Found(Passage(EN, 0.9), Passage(LT, 0.89)), "et")
    assert isinstance(answer, Grounded)
    assert [citation.clause for citation in answer.citations] == [EN]


@pytest.mark.parametrize(
    ("scores", "cited"),
    [((0.5, 0.43), 2), ((0.5, 0.42), 1), ((0.5, 0.5, 0.5, 0.5), 3), ((0.5, 0.1), 1)],
)
async def test_supports_score_close_and_are_at_most_two(scores: tuple[float, ...], cited: int) -> None:
    passages = [Passage(clause(f"c{place}", "en"), score) for place, score in enumerate(scores)]
    answer = await ask(Found(*passages), "en")
    assert isinstance(answer, Grounded)
    assert [c.clause.clause_id for c in answer.citations] == [f"c{place}" for place in range(cited)]


async def test_not_found_keeps_the_three_nearest() -> None:
    passages = [Passage(clause(f"c{place}", "en"), 0.1) for place in range(5)]
    answer = await ask(Found(*passages, found=False), "en")
    assert isinstance(answer, NotFound)
    assert [passage.clause.clause_id for passage in answer.nearest] == ["c0", "c1", "c2"]


@pytest.mark.parametrize("doubtful", [False, True])
async def test_only_in_doubt_the_nearest_are_choices(doubtful: bool) -> None:
    answer = await ask(Found(Passage(EN, 0.3), found=False, doubtful=doubtful), "en")
    assert isinstance(answer, NotFound)
    assert answer.choices is doubtful
    nothing = await ask(Found(found=False, doubtful=doubtful), "en")
    assert isinstance(nothing, NotFound)
    assert nothing.choices is False


async def test_an_empty_library_is_not_found() -> None:
    assert await ask(Found(found=False), "en", []) == NotFound((), "en")


def test_an_anchor_of_two_documents_goes_by_the_document() -> None:
    terms, policy = clause("contact-t", "sl", "contact"), clause("contact-p", "sl", "contact", "privacy")
    assert in_language(clause("x", "en", "contact"), [terms, policy], "sl") == terms
    assert in_language(clause("x", "en", "contact", "privacy"), [terms, policy], "sl") == policy
    stranger = clause("x", "en", "contact", "subprocessors")
    assert in_language(stranger, [terms, policy], "sl") == stranger
