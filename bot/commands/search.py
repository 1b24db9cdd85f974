"""`clausewise search`, `ask` and `eval`: questions to the library."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.batches import Row, cannot_open, read_rows
from bot.commands.library import clause_as_json
from bot.commands.running import AsJson, counting, fail, note, one_of_ours, print_json, run, settings
from knowledge.model import NotFound, Passage, SearchResult

if TYPE_CHECKING:
    from knowledge.evaluation import Question
    from knowledge.retrieval import Retriever

SHOWN = 20
Lang = Annotated[
    str | None,
    typer.Option(
        metavar="CODE",
        help="The question's language (sl, en, ...), if known. Clauses in any language are found.",
    ),
]
SpokenLang = Annotated[
    str | None,
    typer.Option(
        metavar="CODE",
        callback=one_of_ours,
        help="Answer in this language: en, sl, lt, et or bg.",
        show_default="the question's",
    ),
]
SEARCH_EXAMPLES = """Examples:

clausewise search "how long is the trial"

clausewise search --batch questions.jsonl --json > answers.jsonl"""
EVAL_EXAMPLE = """A row: {"id": "1", "lang": "en", "doc": "terms.md", "kind": "answerable", "question": "...",
"gold": ["words of the clause"]}, or "kind": "unanswerable" without "gold"."""


def search(
    question: Annotated[str | None, typer.Argument(help="A question, in quotes.")] = None,
    batch: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help='Many questions: one JSON object a line with "id", "question" and optionally "lang".',
        ),
    ] = None,
    lang: Lang = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, for programs; --batch always does.")
    ] = False,
) -> None:
    """Find the nearest clauses of the ingested documents, and say whether they answer.

    It works beside a running server. With --batch it prints one object a line, in the order of the file; a
    row that cannot be used gets {"id", "error"}, and the exit status is then 1.
    """
    from bot.shelf import open_search

    if (question is None) == (batch is None):
        fail("give either a question or --batch FILE", 2)

    async def work() -> int:
        async with open_search(settings()) as retriever:
            if not await retriever.library():
                note("the library is empty; fill it with: clausewise ingest PATH")
            if question is not None:
                result = await retriever.search(question, language=lang, count=SHOWN)
                print_json(_result("", result)) if as_json else _print_result(result)
                return 0
            assert batch is not None
            return await _search_batch(retriever, batch, lang)

    run(work)


async def _search_batch(retriever: "Retriever", batch: Path, lang: str | None) -> int:
    bad = done = 0
    for row in read_rows(batch, text="question"):
        answer = await _search_row(retriever, row, lang)
        bad += "error" in answer
        print_json(answer)
        done += 1
        if done % 100 == 0:
            note(f"{done} questions")
    note(f"{done} questions, {bad} of them unusable" if bad else f"{done} questions")
    return 1 if bad else 0


async def _search_row(retriever: "Retriever", row: Row, lang: str | None) -> dict[str, object]:
    if row.error:
        return {"id": row.id, "error": row.error}
    language = row.values.get("lang") or lang
    found = await retriever.search(row.values["question"], language=language, count=SHOWN)
    return _result(row.values["id"], found)


def _result(name: object, result: SearchResult) -> dict[str, object]:
    return {
        "id": name,
        "answer": result.answer,
        "passages": [_passage(passage) for passage in result.passages],
    }


def _passage(passage: Passage) -> dict[str, object]:
    return {**clause_as_json(passage.clause), "score": round(passage.score, 6)}


def _print_result(result: SearchResult) -> None:
    typer.echo("found" if result.answer == "found" else "not found: the documents do not say")
    for rank, passage in enumerate(result.passages[:5], 1):
        clause = passage.clause
        typer.echo(f"{rank}. {passage.score:.3f}  {clause.document}  {' > '.join(clause.path)}")
        typer.echo(f"      {clause.text[:300]}".replace("\n", "\n      "))


def ask(
    question: Annotated[str, typer.Argument(help="A customer's question, in quotes.")],
    lang: SpokenLang = None,
    as_json: AsJson = False,
) -> None:
    """Answer one question as a customer would see it.

    Without ingested documents the samples answer.
    """
    from bot.app import open_app
    from bot.render import answer_blocks, not_found_blocks

    async def work() -> int:
        async with open_app(settings()) as app:
            language = lang or app.languages.guess(question) or app.settings.default_language
            answer = await app.shelf.answer(question, language=language)
            if as_json:
                found = not isinstance(answer, NotFound)
                citations = [] if isinstance(answer, NotFound) else answer.citations
                print_json(
                    {
                        "answer": "found" if found else "not_found",
                        "language": language,
                        "citations": [
                            {**clause_as_json(citation.clause), "quote": citation.quote}
                            for citation in citations
                        ],
                    }
                )
                return 0
            render = not_found_blocks if isinstance(answer, NotFound) else answer_blocks
            typer.echo("\n\n".join(block.text for block in render(answer, app.messages)))  # type: ignore[arg-type]
        return 0

    run(work)


def _questions(file: Path) -> tuple[list["Question"], int]:
    """The questions of a file, and how many of its lines are none; those are named."""
    from knowledge.evaluation import BadRow, read_questions

    try:
        # JSON may hold characters that `splitlines` takes for the end of a line.
        raw = file.read_bytes().split(b"\n")
    except OSError as error:
        cannot_open(file, error)
    lines, bad = [], []
    for number, line in enumerate(raw, 1):
        try:
            lines.append(line.decode("utf-8-sig"))
        except UnicodeDecodeError:
            lines.append("")
            bad.append(BadRow(number, "not UTF-8"))
    questions, unusable = read_questions(lines)
    bad += unusable
    for row in sorted(bad, key=lambda row: row.line):
        note(f"{file}, line {row.line}: {row.reason}")
    return questions, len(bad)


def score(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Question sets, one JSON object a line.")
    ],
    as_json: AsJson = False,
) -> None:
    """Score the search on questions whose answers are known.

    Says how often the right clause is first (hit@1) and among the first five (hit@5), the mean reciprocal
    rank, and how well the search knows when the documents do not say. An unusable row is named; the exit
    status is then 1.
    """
    from bot.shelf import open_search
    from bot.tabulate import evaluation_table
    from knowledge.evaluation import Question, evaluate

    async def work() -> int:
        questions: list[Question] = []
        unusable = 0
        for file in files:
            found, bad = _questions(file)
            questions += found
            unusable += bad
        if not questions:
            fail("no questions to score", 2)
        with counting("asking", len(questions)) as step:
            async with open_search(settings()) as retriever:

                async def ask_one(question: str, *, language: str | None, count: int) -> SearchResult:
                    step("")
                    return await retriever.search(question, language=language, count=count)

                evaluation = await evaluate(questions, ask_one)
        print_json(evaluation.as_json()) if as_json else typer.echo(evaluation_table(evaluation))
        return 1 if unusable else 0

    run(work)
