"""Search over a small library: what is found, what is always promised, and what follows a change."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge import stopwords
from knowledge.confidence import Confidence
from knowledge.encoder.static import StaticEncoder, shipped
from knowledge.errors import IndexUnavailable
from knowledge.exact import ClauseVectors, ExactIndex
from knowledge.folding import words
from knowledge.index import IndexHolder, MakeVectorIndex
from knowledge.model import Clause, SearchResult
from knowledge.ports import VectorIndex, Vectors
from knowledge.retrieval import Retriever


def clause(name: str, text: str, language: str = "en", heading: str = "", ordinal: int = 0) -> Clause:
    path = (heading,) if heading else ()
    return Clause(
        name, f"t.{language}.md", "T", 1, date(2024, 1, 1), None, heading, path, ordinal, language, text, text
    )


LIBRARY = [
    clause("card", "The card is charged on the first day of each month.", heading="Payments"),
    clause("vat", "Add your VAT number before the invoice is issued.", heading="Payments", ordinal=1),
    clause("erase", "Closed accounts are erased within thirty days.", heading="Deletion", ordinal=2),
    clause("seats", "Every agent needs a seat of their own.", heading="Seats", ordinal=3),
    clause("kartica", "Kartica se bremeni prvi dan v mesecu.", "sl", "Plačila"),
    clause("izbris", "Zaprti računi se izbrišejo v tridesetih dneh.", "sl", "Izbris", 1),
    clause("faktura", "Нова фактура се издава в срок от пет дни.", "bg", "Фактури"),
    clause("danni", "Личните данни се изтриват по искане на клиента.", "bg", "Изтриване", 1),
]


class Source:
    """A library in memory whose revision the test raises."""

    def __init__(self, clauses: Sequence[Clause]) -> None:
        self.stored = list(clauses)
        self.number = 1

    async def clauses(self) -> list[Clause]:
        return list(self.stored)

    async def revision(self) -> int:
        return self.number

    def change(self, clauses: Sequence[Clause]) -> None:
        self.stored = list(clauses)
        self.number += 1


def holder(source: Source, make: MakeVectorIndex | None = None) -> IndexHolder:
    return IndexHolder(source, shipped(), make)


def retriever(clauses: Sequence[Clause] = LIBRARY) -> Retriever:
    return Retriever(holder(Source(clauses)))


def names(result: SearchResult) -> list[str]:
    return [passage.clause.clause_id for passage in result.passages]


@pytest.mark.parametrize(
    ("question", "language", "expected"),
    [
        ("when do you charge my card?", "en", "card"),
        ("deletion of closed account", "en", "erase"),
        ("kdaj bremenite kartico", "sl", "kartica"),
        ("izbrisi zaprtega racuna", "sl", "izbris"),
        ("molq za nova faktura", "bg", "faktura"),
        ("molya, iztriyte mi li4nite danni", "bg", "danni"),
        ("молq за фактура", "bg", "faktura"),
        ("molq za nova faktura", None, "faktura"),
        ("kdaj bremenite kartico", None, "kartica"),
    ],
)
async def test_the_clause_that_settles_it_is_first(
    question: str, language: str | None, expected: str
) -> None:
    result = await retriever().search(question, language=language)
    assert names(result)[0] == expected
    assert result.answer == "found"


async def test_passages_stand_also_for_what_is_not_found() -> None:
    result = await retriever().search("zqxj wvkp?", language="en")
    assert result.answer == "not_found"
    assert len(result.passages) == len(LIBRARY)


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 1), (8, 8), (20, 8), (10**9, 8)])
async def test_as_many_passages_as_asked_for(count: int, expected: int) -> None:
    result = await retriever().search("card", language="en", count=count)
    assert len(result.passages) == expected
    assert len(set(names(result))) == expected


async def test_a_language_is_no_filter() -> None:
    result = await retriever().search("Kartica se bremeni prvi dan v mesecu", language="en", count=1)
    assert names(result) == ["kartica"]


async def test_of_two_languages_the_questions_own_is_nearer() -> None:
    twins = [clause("de", "LiveChat Premium", "de"), clause("en", "LiveChat Premium", "en")]
    assert names(await retriever(twins).search("LiveChat Premium", language="en")) == ["en", "de"]
    assert names(await retriever(twins).search("LiveChat Premium", language="de")) == ["de", "en"]


async def test_in_a_language_without_clauses_little_evidence_is_enough() -> None:
    """Shared words are rare across languages, so that their absence says nothing."""
    only_slovenian = [one for one in LIBRARY if one.language == "sl"]
    question = "please tell me all about some kartica that my colleague said something of"
    own = await retriever(only_slovenian).search(question, language="sl")
    foreign = await retriever(only_slovenian).search(question, language="en")
    unknown = await retriever(only_slovenian).search(question)
    assert own.probability < foreign.probability == unknown.probability


async def test_clauses_under_the_heading_asked_for_rise() -> None:
    result = await retriever().search("payments", language="en", count=2)
    assert sorted(names(result)) == ["card", "vat"]


async def test_equal_clauses_stand_in_document_order() -> None:
    twins = [clause(f"c{number}", "The same words.", ordinal=number) for number in reversed(range(5))]
    assert names(await retriever(twins).search("same words", language="en")) == [f"c{n}" for n in range(5)]


async def test_an_empty_library() -> None:
    assert await retriever([]).search("card", language="en") == SearchResult("not_found", ())


@pytest.mark.parametrize(
    "question", ["", "   ", "\n", "\x00\x1b[31m", "?!…", "💳", "a" * 10_000, "card " * 2_000]
)
async def test_odd_questions(question: str) -> None:
    result = await retriever().search(question, language="en")
    assert len(result.passages) == len(LIBRARY)
    assert all(0.0 <= passage.score <= 1.0 for passage in result.passages)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["en", "sl", "bg", "xx", None]))
def test_scores_fall_within_bounds(question: str, language: str | None) -> None:
    result = asyncio.run(retriever().search(question, language=language))
    scores = [passage.score for passage in result.passages]
    assert scores == sorted(scores, reverse=True)
    assert all(0.0 <= score <= 1.0 for score in scores)
    assert 0.0 <= result.probability <= 1.0
    assert (result.answer == "found") == (result.probability >= Confidence().answers_from)


async def test_a_changed_library_is_followed() -> None:
    source = Source(LIBRARY)
    held = holder(source)
    search = Retriever(held)
    await search.warm()
    assert await held.refresh() is False
    source.change([*LIBRARY, clause("new", "Refunds take ten days to arrive.")])
    assert names(await search.search("how long does a refund take", language="en"))[0] == "new"
    source.change(LIBRARY[:2])
    assert len((await search.search("card", language="en")).passages) == 2


async def test_only_changed_clauses_are_encoded_again() -> None:
    encoder = _Counting()
    source = Source(LIBRARY)
    held = IndexHolder(source, encoder)
    await held.refresh()
    assert encoder.encoded == len(LIBRARY)
    source.change([*LIBRARY[1:], clause("new", "Refunds take ten days.")])
    await held.refresh()
    assert encoder.encoded == len(LIBRARY) + 1


class _Counting(StaticEncoder):
    def __init__(self) -> None:
        super().__init__()
        self.encoded = 0

    def encode(self, texts: Sequence[str], languages: Sequence[str] = ()) -> Vectors:
        self.encoded += len(texts)
        return super().encode(texts, languages)


async def test_exact_search_answers_until_the_vector_index_is_ready() -> None:
    gate = threading.Event()
    held = holder(Source(LIBRARY), lambda encode: _Slow(encode, gate))
    search = Retriever(held)
    before = await search.search("when is my card charged", language="en")
    assert held.vector_state == "waiting"
    gate.set()
    assert await held.settle() == "ready"
    assert (await held.current()).vectors is not None
    assert await search.search("when is my card charged", language="en") == before
    await held.close()


async def test_closed_before_it_is_needed_the_vector_index_is_never_built() -> None:
    held = holder(Source(LIBRARY), lambda encode: _Slow(encode, threading.Event()))
    await held.refresh()
    await held.close()
    assert held.vector_state == "waiting"


class _Slow(ExactIndex):
    def __init__(self, encode: ClauseVectors, gate: threading.Event) -> None:
        super().__init__(encode)
        self._gate = gate

    def build(self, clauses: Sequence[Clause]) -> None:
        assert self._gate.wait(20)
        super().build(clauses)


class _Broken:
    """Is built, then fails whenever it is asked."""

    def __init__(self, *, build_fails: bool) -> None:
        self._build_fails = build_fails

    def build(self, clauses: Sequence[Clause]) -> None:
        if self._build_fails:
            raise IndexUnavailable("held by another process")

    def nearest(self, vector: Vectors, *, language: str, count: int) -> list[tuple[str, float]]:
        raise IndexUnavailable("gone")

    def nearest_each(self, vectors: Mapping[str, Vectors], *, count: int) -> list[list[tuple[str, float]]]:
        raise IndexUnavailable("gone")

    def check(self, number: int) -> None:
        raise IndexUnavailable("gone")

    def close(self) -> None:
        self._build_fails = True


@pytest.mark.parametrize("build_fails", [True, False])
async def test_a_broken_vector_index_changes_no_answer(build_fails: bool) -> None:
    def make(encode: ClauseVectors) -> VectorIndex:
        return _Broken(build_fails=build_fails)

    held = holder(Source(LIBRARY), make)
    await held.refresh()
    state = await held.settle()
    assert state == ("exact: held by another process" if build_fails else "ready")
    expected = await retriever().search("when is my card charged", language="en")
    assert await Retriever(held).search("when is my card charged", language="en") == expected
    await held.close()


async def test_a_library_that_cannot_be_read_leaves_the_index_before() -> None:
    source = _Failing(LIBRARY)
    search = Retriever(holder(source))
    expected = await search.search("card", language="en")
    source.fails = True
    source.number += 1
    assert await search.search("card", language="en") == expected
    source.fails = False
    source.stored = LIBRARY[:1]
    assert len((await search.search("card", language="en")).passages) == 1


class _Failing(Source):
    fails = False

    async def clauses(self) -> list[Clause]:
        if self.fails:
            raise RuntimeError("database is locked")
        return await super().clauses()


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("how do I get my money back", "en"),
        ("kdaj in kako lahko to uredim", "sl"),
        ("kaip galiu tai padaryti", "lt"),
        ("kuidas ma seda teha saan", "et"),
        ("как мога да направя това", "bg"),
        ("kak moga da napravq tova", "bg"),
        ("", None),
        ("LiveChat Premium", None),
    ],
)
def test_the_language_is_guessed_from_small_words(question: str, language: str | None) -> None:
    assert stopwords.guess(words(question)) == language
