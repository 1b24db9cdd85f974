"""What the bench's figures stand on: tables, chunks that are scored as clauses are, and who is left out."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from knowledge.encoder.static import shipped
from knowledge.evaluation import Question, is_hit
from knowledge.model import Clause, Passage, SearchResult
from tests.bench.compare import Measured, forget, measure, missing, quality, read_corpus
from tests.bench.failures import failures, told
from tests.bench.given import read_clauses, read_rows
from tests.bench.methods import PRODUCT, Corpus, Method, Text, by_scores, own_first
from tests.bench.others import OTHERS, as_clauses
from tests.bench.table import at, markdown, share


def clause(name: str, document: str, language: str, text: str) -> Clause:
    return Clause(name, document, "T", 1, date(2024, 1, 1), None, "H", ("H",), 0, language, text, name)


CLAUSES = (
    clause("a", "terms.en.md", "en", "You can cancel at any time."),
    clause("b", "terms.sl.md", "sl", "Odpoved je mogoča kadarkoli."),
    clause("c", "terms.en.md", "en", "An invoice is corrected within 15 days."),
)
TEXTS = (Text("terms.en.md", "en", "# Terms\n\nYou can\ncancel at any time. An invoice is corrected."),)
CORPUS = Corpus(CLAUSES, TEXTS)


def question(text: str, gold: str, *, document: str = "terms.en.md", language: str = "en") -> Question:
    return Question("q1", language, document, bool(gold), text, (gold,) if gold else ())


def test_a_table_stands_in_line_and_a_reason_widens_no_column() -> None:
    assert markdown(
        ("method", "hit@1"), [["words", ".500"], ["a longer one", "not installed: pip"]]
    ).splitlines() == [
        "| method       |              hit@1 |",
        "| ------------ | -----------------: |",
        "| words        |               .500 |",
        "| a longer one | not installed: pip |",
    ]
    assert markdown(
        ("method", "p50", "p95"), [["words", "1.0", "2.0"], ["other", "missing"]]
    ).splitlines() == [
        "| method | p50 | p95 |",
        "| ------ | --: | --: |",
        "| words  | 1.0 | 2.0 |",
        "| other  | missing |     |",
    ]


@pytest.mark.parametrize(("value", "written"), [(0.4167, ".417"), (1.0, "1.000"), (0.0, ".000"), (None, "-")])
def test_a_share_is_written_without_its_zero(value: float | None, written: str) -> None:
    assert share(value) == written


def test_a_quantile_is_one_of_the_numbers() -> None:
    assert [at([1.0, 2.0, 3.0, 4.0], quantile) for quantile in (0.0, 0.5, 0.95, 1.0)] == [1.0, 3.0, 4.0, 4.0]


def test_a_chunk_hits_as_a_clause_does() -> None:
    whole, cut, apart = as_clauses(
        CORPUS,
        [
            (TEXTS[0], ["# Terms\n\nYou can\ncancel at any time. An inv", "You can cancel"]),
            (Text("other.en.md", "en", ""), ["You can cancel at any time."]),
        ],
    )
    asked = question("?", "You can cancel at any time")
    assert is_hit(whole, asked)  # across the line break and with the heading inside
    assert not is_hit(cut, asked)  # what was cut off is not shown, so it is no hit
    assert not is_hit(apart, asked)  # the words are there, but in another document
    assert (whole.language, whole.heading, whole.path) == ("en", "", ())


async def test_a_ranking_is_by_score_and_may_put_the_own_language_first() -> None:
    search = by_scores(CLAUSES, lambda _question, _language: np.array([0.2, 0.9, 0.5]))
    found = await search("?", language="en", count=2)
    assert [passage.clause.clause_id for passage in found.passages] == ["b", "c"]
    ordered = await own_first(search)("?", language="en", count=2)
    assert [passage.clause.clause_id for passage in ordered.passages] == ["c", "a"]


@pytest.mark.parametrize("method", PRODUCT, ids=lambda method: method.name)
async def test_each_method_finds_what_is_said_word_for_word(method: Method) -> None:
    search = await method.build(CORPUS)
    found = await search("An invoice is corrected", language="en", count=99)
    assert found.passages[0].clause.clause_id == "c"
    assert len(found.passages) == len(CLAUSES)


def test_what_is_not_installed_is_named_and_leaves_a_row() -> None:
    absent = Method(
        "other", PRODUCT[0].build, needs=(("no_such_module", "no-such-package"), ("json", "json"))
    )
    assert missing(absent) == "not installed: pip install no-such-package"
    assert not any(map(missing, PRODUCT))
    assert all(method.needs for method in OTHERS)
    assert "| other  | not installed" in quality([("other", missing(absent))])


async def test_a_method_is_measured_over_the_same_rows() -> None:
    rows = [question("An invoice is corrected", "corrected within 15 days"), question("weather", "")]
    measured = await measure(PRODUCT[0], CORPUS, rows)
    assert isinstance(measured, Measured)
    assert (measured.plain.same_language.answerable, measured.plain.same_language.hit_at_1) == (1, 1.0)
    assert (len(measured.times), measured.passages) == (2, len(CLAUSES))
    assert list(measured.times) == sorted(measured.times)


def test_forgetting_leaves_a_loaded_encoder() -> None:
    before = shipped()
    forget()
    assert shipped() is not before
    assert shipped.cache_info().currsize == 1


def test_documents_are_read_whole_and_as_clauses(tmp_path: Path) -> None:
    (tmp_path / "terms.md").write_text("---\nlanguage: en\n---\n# Terms\n\n## Notice\n\nThirty days.\n")
    corpus = read_corpus([tmp_path])
    assert [one.document for one in corpus.clauses] == ["terms.md"]
    assert [(one.document, one.language) for one in corpus.texts] == [("terms.md", "en")]
    assert corpus.texts[0].text.startswith("---")  # nothing was cut away
    assert read_clauses([tmp_path]) == corpus.clauses


def test_a_bad_row_ends_the_command(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"id": "1"}\n')
    with pytest.raises(SystemExit, match="1 unusable rows"):
        read_rows([tmp_path / "rows.jsonl"])


async def in_order(question: str, *, language: str | None, count: int) -> SearchResult:
    """Find every clause for whatever is asked, as they stand."""
    return SearchResult("found", tuple(Passage(one, 0.5) for one in CLAUSES), 0.7)


async def test_failures_tell_what_was_found_and_what_was_meant() -> None:
    rows = [
        question("first", "cancel at any time"),
        question("third", "corrected within 15 days"),
        question("nowhere", "not in any clause"),
        question("weather", ""),
    ]
    found = await failures(rows, in_order, beyond=1)
    assert [failure.outcome.question.text for failure in found] == ["nowhere", "third", "weather"]
    nowhere, third, weather = map(told, found)
    assert "no clause of its document holds the answer" in nowhere
    assert "the answer stood at 3" in third
    assert "found: 0.50 terms.en.md (en), “H”: You can cancel" in third
    assert "meant: 0.50 terms.en.md (en), “H”: An invoice" in third
    assert "taken as 0.70 likely" in weather
    assert [failure.outcome.rank for failure in await failures(rows, in_order, beyond=3)] == [None, None]


async def test_across_languages_only_the_document_asked_about_is_told() -> None:
    asked = question("?", "An invoice", language="sl")
    (failure,) = await failures([asked], in_order, beyond=1)
    assert [passage.clause.clause_id for passage in failure.passages()] == ["a", "c"]
    assert failure.outcome.rank == 2
