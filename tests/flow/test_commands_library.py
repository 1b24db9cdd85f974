"""`ingest`, `clauses`, `search`, `ask`, `route` and `eval`, as a person or a program calls them."""

import contextlib
import json
import os
import shutil
from pathlib import Path

import pytest

import bot.shelf
from bot.app import open_app
from tests.commands import Ran, clausewise
from tests.make import settings

TERMS = """# Terms of the Invented Kettle Service

## Free trial {#trial}

The trial lasts thirty days, and no payment card is asked for.

## Refunds {#refunds}

Months of a plan that were paid and not used are not refunded after a cancellation.

## Opening hours

The help line answers calls between eight in the morning and six in the evening.
"""
POGOJI = """# Pogoji izmišljene storitve

## Preizkus {#trial}

Brezplačni preizkus traja trideset dni in zanj ne potrebujete plačilne kartice.

## Vračilo denarja {#refunds}

Plačani in neporabljeni meseci naročnine se po odpovedi ne vračajo.
"""
BASQUE = """---
language: eu
---
# Zerbitzuaren baldintzak

Doako probaldiak hogeita hamar egun irauten du eta ez da ordainketa txartelik eskatzen.
"""
FIELDS = ["document", "clause_id", "heading", "path", "text", "language", "anchor", "version"]


@pytest.fixture(scope="session")
def ingested_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder into which `documents`, beside it, was ingested, with its real vector index."""
    place = tmp_path_factory.mktemp("ingested")
    documents = place / "documents"
    documents.mkdir()
    (documents / "terms.md").write_text(TERMS)
    (documents / "pogoji.md").write_text(POGOJI)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(place / "data"))
        patch.chdir(place)
        ran = clausewise("ingest", documents)
    assert ran.status == 0, ran.err
    assert "2 documents with 5 clauses, 2 changed; library revision 2." in ran.out
    return place


@pytest.fixture
def library(ingested_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder as DATA_DIR; its documents are read again from where they lay."""
    shutil.copytree(ingested_dir / "data", tmp_path / "data")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return ingested_dir / "documents"


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A DATA_DIR that does not exist yet, and a folder for documents. No vector index is made."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))

    async def no_index(*_asked: object, **_options: object) -> bot.shelf.IndexReport:
        (tmp_path / "data" / "index").mkdir(exist_ok=True)
        return bot.shelf.IndexReport("ready", 0, 0, 0.0, 0)

    monkeypatch.setattr(bot.shelf, "build_index", no_index)
    documents = tmp_path / "documents"
    documents.mkdir()
    return documents


def rows_file(folder: Path, *rows: object, start: bytes = b"") -> Path:
    file = folder / "rows.jsonl"
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    file.write_bytes(start + b"\n".join(lines))
    return file


def statuses(ran: Ran) -> dict[str, str]:
    return {file["name"]: file["status"] for file in ran.json["files"]}


def test_ingest_builds_the_vector_index(ingested_dir: Path) -> None:
    assert list((ingested_dir / "data" / "index").glob("store-*/chroma.sqlite3"))


def test_the_same_files_again_change_nothing(library: Path) -> None:
    ran = clausewise("ingest", library)
    assert ran.status == 0
    assert "2 documents with 5 clauses, nothing changed; library revision 2." in ran.out
    assert ran.err == ""


def test_a_changed_clause_becomes_a_new_version(empty: Path) -> None:
    file = empty / "terms.md"
    file.write_text(TERMS)
    assert clausewise("ingest", file).status == 0
    file.write_text(TERMS.replace("thirty days", "fourteen days"))
    ran = clausewise("ingest", file, "--json")
    assert ran.json["files"][0] == {
        "name": "terms.md",
        "status": "changed",
        "language": "en",
        "clauses": 3,
        "changed_clauses": 1,
        "notes": [],
    }
    found = {clause["anchor"]: clause for clause in clausewise("clauses", "--json").lines}
    assert "fourteen days" in found["trial"]["text"]
    assert (found["trial"]["version"], found["refunds"]["version"]) == (2, 1)


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(empty: Path, tmp_path: Path) -> None:
    (empty / "terms.md").write_text(TERMS)
    (empty / "empty.txt").touch()
    (empty / "binary.txt").write_bytes(bytes(range(256)))
    (empty / "twin.md").write_text(TERMS)
    (empty / "report.pdf").write_bytes(b"%PDF-1.7")
    (empty / "letter.doc").touch()
    (empty / "picture.png").touch()
    (tmp_path / "bare").mkdir()
    ran = clausewise(
        "ingest", empty, empty / "picture.png", tmp_path / "bare", tmp_path / "missing.txt", "--json"
    )
    assert ran.status == 1
    outcome = {file["name"]: (file["status"], " ".join(file["notes"])) for file in ran.json["files"]}
    assert outcome["terms.md"][0] == "added"
    refused = {name: notes for name, (status, notes) in outcome.items() if status == "refused"}
    assert "file is empty" in refused["empty.txt"]
    assert "not a text file" in refused["binary.txt"]
    assert "Same content as terms.md" in refused["twin.md"]
    assert "damaged" in refused["report.pdf"]
    assert any("Word's old format" in notes for notes in refused.values())
    assert any("Only .txt, .md, .html" in notes for notes in refused.values())
    assert any("file in this folder" in notes for notes in refused.values())
    assert any("No such file or folder" in notes for notes in refused.values())
    assert len(refused) == 8
    told = clausewise("ingest", empty)
    assert told.status == 1
    assert "1 document with 3 clauses, nothing changed, 5 refused" in told.out


def test_documents_of_every_kind_in_one_batch(empty: Path) -> None:
    import docx
    from reportlab.pdfgen.canvas import Canvas

    (empty / "a.html").write_text("<h1>Returns</h1><p>Goods may be sent back within thirty days.</p>")
    document = docx.Document()
    document.add_heading("Delivery", 1)
    document.add_paragraph("Parcels arrive within three days of the order.")
    document.save(str(empty / "b.docx"))
    canvas = Canvas(str(empty / "c.pdf"))
    canvas.drawString(72, 700, "Invoices are sent by electronic mail on the first of the month.")
    canvas.save()
    (empty / "d.txt").write_bytes(
        "Клиентът може да прекрати договора, ако не е доволен от услугата.".encode("cp1251")
    )
    (empty / "e.pdf").write_bytes(b"%PDF-1.7 broken")
    ran = clausewise("ingest", empty, "--json")
    assert ran.status == 1
    found = {file["name"]: (file["status"], file["clauses"]) for file in ran.json["files"]}
    assert found == {
        "a.html": ("added", 1),
        "b.docx": ("added", 1),
        "c.pdf": ("added", 1),
        "d.txt": ("added", 1),
        "e.pdf": ("refused", 0),
    }
    notes = {file["name"]: " ".join(file["notes"]) for file in ran.json["files"]}
    assert "windows-1251" in notes["d.txt"]
    assert "damaged" in notes["e.pdf"]
    texts = {clause["document"]: clause for clause in clausewise("clauses", "--json").lines}
    assert texts["a.html"]["heading"] == "Returns"
    assert texts["b.docx"]["text"] == "Parcels arrive within three days of the order."
    assert texts["c.pdf"]["text"].startswith("Invoices are sent")
    again = clausewise("ingest", empty)
    assert "unchanged c.pdf" in again.out
    assert "refused   e.pdf" in again.out


def test_a_byte_order_mark_is_no_text(empty: Path) -> None:
    (empty / "bom.md").write_bytes(b"\xef\xbb\xbf" + TERMS.encode())
    ran = clausewise("ingest", empty)
    assert ran.status == 0
    assert "byte order mark" in ran.out
    clauses = clausewise("clauses", "--json").lines
    assert [clause["path"][0] for clause in clauses] == ["Terms of the Invented Kettle Service"] * 3


def test_a_language_without_a_dictionary_works_and_is_told(empty: Path) -> None:
    (empty / "baldintzak.md").write_text(BASQUE)
    ran = clausewise("ingest", empty)
    assert ran.status == 0
    assert 'no dictionary for the language "eu"' in ran.out
    found = clausewise("search", "probaldiak", "--json").json
    assert found["answer"] == "found"
    assert found["passages"][0]["document"] == "baldintzak.md"


def test_nothing_to_read_leaves_the_library_empty(empty: Path, tmp_path: Path) -> None:
    ran = clausewise("ingest", empty)
    assert ran.status == 1
    assert "0 documents with 0 clauses, nothing changed, 1 refused; library revision 0." in ran.out
    assert not (tmp_path / "data" / "index").exists()


def _disappeared(documents: Path) -> None:
    (documents / "terms.md").write_text(TERMS)
    (documents / "pogoji.md").write_text(POGOJI)
    assert clausewise("ingest", documents).status == 0
    (documents / "pogoji.md").unlink()


def test_a_file_that_disappeared_is_kept_where_nobody_can_be_asked(empty: Path) -> None:
    _disappeared(empty)
    ran = clausewise("ingest", empty, "--json")
    assert ran.status == 0
    assert statuses(ran) == {"terms.md": "unchanged", "pogoji.md": "missing"}
    assert ran.json["missing"] == ["pogoji.md"]
    assert "kept: pogoji.md" in ran.err
    assert "--retire-missing" in ran.err
    assert len(clausewise("clauses", "--json").lines) == 5


@pytest.mark.parametrize(("typed", "clauses"), [("y\n", 3), ("n\n", 5), ("", 5)])
def test_at_a_terminal_it_asks(
    empty: Path, monkeypatch: pytest.MonkeyPatch, typed: str, clauses: int
) -> None:
    _disappeared(empty)
    monkeypatch.setattr("bot.commands.library._person_is_there", lambda: True)
    ran = clausewise("ingest", empty, "--json", typed=typed)
    assert ran.status == 0
    assert "No longer there: pogoji.md" in ran.err
    assert statuses(ran)["pogoji.md"] == ("retired" if clauses == 3 else "missing")
    assert len(clausewise("clauses", "--json").lines) == clauses


@pytest.mark.parametrize(("option", "clauses"), [("--retire-missing", 3), ("--keep-missing", 5)])
def test_the_options_decide_without_asking(
    empty: Path, monkeypatch: pytest.MonkeyPatch, option: str, clauses: int
) -> None:
    _disappeared(empty)
    monkeypatch.setattr("bot.commands.library._person_is_there", lambda: True)
    ran = clausewise("ingest", empty, option)
    assert (ran.status, ran.err) == (0, "")
    assert len(clausewise("clauses", "--json").lines) == clauses


def test_clauses_in_document_order(library: Path) -> None:
    clauses = clausewise("clauses", "--json").lines
    assert [list(clause) for clause in clauses] == [FIELDS] * 5
    assert [(clause["document"], clause["heading"], clause["anchor"]) for clause in clauses] == [
        ("pogoji.md", "Preizkus", "trial"),
        ("pogoji.md", "Vračilo denarja", "refunds"),
        ("terms.md", "Free trial", "trial"),
        ("terms.md", "Refunds", "refunds"),
        ("terms.md", "Opening hours", None),
    ]
    assert len({clause["clause_id"] for clause in clauses}) == 5
    assert {clause["language"] for clause in clauses if clause["document"] == "pogoji.md"} == {"sl"}
    assert clauses[2]["text"] == "The trial lasts thirty days, and no payment card is asked for."
    assert clauses[2]["path"] == ["Terms of the Invented Kettle Service", "Free trial"]


def test_clauses_of_one_document_for_a_person(library: Path) -> None:
    ran = clausewise("clauses", "--document", "terms.md")
    assert ran.status == 0
    assert "Terms of the Invented Kettle Service > Opening hours" in ran.out
    assert "Preizkus" not in ran.out
    unknown = clausewise("clauses", "--document", "term.md")
    assert (unknown.status, unknown.out) == (1, "")
    assert "no clauses of term.md" in unknown.err


def test_an_empty_library(empty: Path) -> None:
    for ran in (clausewise("clauses", "--json"), clausewise("search", "the trial")):
        assert ran.status == 0
        assert "clausewise ingest PATH" in ran.err
    found = clausewise("search", "the trial", "--json")
    assert found.json == {"id": "", "answer": "not_found", "passages": []}
    batch = clausewise("search", "--batch", rows_file(empty, {"id": "a", "question": "the trial"}), "--json")
    assert (batch.status, batch.lines) == (0, [{"id": "a", "answer": "not_found", "passages": []}])


def test_search_for_a_person(library: Path) -> None:
    ran = clausewise("search", "how long is the free trial")
    assert ran.status == 0
    assert ran.out.startswith("found\n1. ")
    assert "terms.md  Terms of the Invented Kettle Service > Free trial" in ran.out


def test_search_prints_the_whole_clause(library: Path) -> None:
    found = clausewise("search", "How long is the free trial?", "--json").json
    first = found["passages"][0]
    assert list(first) == [*FIELDS, "score"]
    assert {name: first[name] for name in FIELDS} in clausewise("clauses", "--json").lines
    assert first["anchor"] == "trial"
    assert 0 < first["score"] <= 1


def test_a_batch_answers_in_order_and_names_bad_rows(library: Path, tmp_path: Path) -> None:
    batch = rows_file(
        tmp_path,
        {"id": "a", "question": "How long is the free trial?", "lang": "en"},
        b"",
        {"id": 7, "question": "Koliko časa traja preizkus?"},
        {"id": "c"},
        b"not json",
        {"id": "d", "question": "qwrtzpsd xkcdvbnm"},
        b'{"id": "e", "question": "\xff"}',
        {"id": True, "question": "trial"},
        {"id": "f", "question": "trial", "lang": 3},
        {"id": 8, "question": 5},
        b'{"id": "g", "question": "trial \\ud800\\u0000"}',
        {"id": "h", "question": ""},
        [1],
        start=b"\xef\xbb\xbf",
    )
    ran = clausewise("search", "--batch", batch, "--json")
    assert ran.status == 1
    ids = ["a", 7, "c", None, "d", None, None, "f", 8, "g", "h", None]
    assert [row["id"] for row in ran.lines] == ids
    bad = [(row["id"], row["error"]) for row in ran.lines if "error" in row]
    assert [name for name, _ in bad] == ["c", None, None, None, "f", 8, None]
    assert all(set(row) == {"id", "error"} for row in ran.lines if "error" in row)
    assert [int("line 4" in reason) for _, reason in bad] == [1, 0, 0, 0, 0, 0, 0]
    good = {row["id"]: row for row in ran.lines if "error" not in row}
    assert {len(row["passages"]) for row in good.values()} == {5}
    assert good["a"]["answer"] == good[7]["answer"] == "found"
    assert good["d"]["answer"] == good["h"]["answer"] == "not_found"
    assert good[7]["passages"][0]["document"] == "pogoji.md"
    assert "12 questions, 7 of them unusable" in ran.err


def test_a_lone_surrogate_in_an_id_comes_back_as_it_was(library: Path, tmp_path: Path) -> None:
    batch = rows_file(tmp_path, b'{"id": "\\ud800", "question": "trial"}')
    ran = clausewise("search", "--batch", batch, "--json")
    assert ran.status == 0
    assert ran.lines[0]["id"] == "\ud800"


def test_not_found_still_lists_the_nearest_twenty(empty: Path) -> None:
    sections = [f"## Part {n}\n\nKettle number {n} holds {n} litres of water.\n" for n in range(1, 26)]
    (empty / "kettles.md").write_text("# Kettles\n\n" + "\n".join(sections))
    assert clausewise("ingest", empty).status == 0
    found = clausewise("search", "qwrtzpsd xkcdvbnm", "--json").json
    assert found["answer"] == "not_found"
    assert len(found["passages"]) == 20
    scores = [passage["score"] for passage in found["passages"]]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("command", ["search", "route"])
def test_a_batch_that_is_not_there(empty: Path, command: str) -> None:
    for wrong, said in ((empty / "none.jsonl", "No such file"), (empty, "Is a directory")):
        ran = clausewise(command, "--batch", wrong, "--json")
        assert (ran.status, ran.out) == (2, "")
        assert f"cannot read {wrong}: {said}" in ran.err
    for arguments in ((command,), (command, "hello", "--batch", "rows.jsonl")):
        ran = clausewise(*arguments)
        assert ran.status == 2
        assert "--batch FILE" in ran.err


def test_ask_quotes_and_cites(library: Path) -> None:
    ran = clausewise("ask", "How long is the free trial?")
    assert ran.status == 0
    assert "The trial lasts thirty days, and no payment card is asked for." in ran.out
    assert "Terms of the Invented Kettle Service, version of" in ran.out
    told = clausewise("ask", "How long is the free trial?", "--json").json
    assert (told["answer"], told["language"]) == ("found", "en")
    citation = told["citations"][0]
    assert list(citation) == [*FIELDS, "quote"]
    assert citation["quote"] in citation["text"]


def test_ask_says_that_the_documents_do_not_say(library: Path) -> None:
    told = clausewise("ask", "qwrtzpsd xkcdvbnm", "--lang", "sl", "--json").json
    assert told == {"answer": "not_found", "language": "sl", "citations": []}
    assert "Free trial" in clausewise("ask", "qwrtzpsd xkcdvbnm").out
    refused = clausewise("ask", "trial", "--lang", "de")
    assert refused.status == 2
    assert "en, sl, lt, et, bg" in refused.err


def test_the_samples_answer_customers_but_are_not_in_the_library(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    asked = clausewise("ask", "How long does the free trial last?", "--json").json
    assert asked["answer"] == "found"
    assert clausewise("search", "How long does the free trial last?", "--json").json["passages"] == []
    assert clausewise("clauses", "--json").lines == []


async def test_commands_work_beside_a_running_process(library: Path, tmp_path: Path) -> None:
    import asyncio

    async with open_app(settings(tmp_path / "data"), serving=True) as app:
        assert await app.shelf.settle() == "ready"  # it holds the lock of the vector index
        found = await asyncio.to_thread(clausewise, "search", "How long is the free trial?", "--json")
        assert found.json["passages"][0]["anchor"] == "trial"
        assert len((await asyncio.to_thread(clausewise, "clauses", "--json")).lines) == 5
        asked = await asyncio.to_thread(clausewise, "ask", "How long is the free trial?", "--json")
        assert asked.json["answer"] == "found"
        new = tmp_path / "privacy.md"
        new.write_text("# Privacy\n\n## Cookies\n\nThe shop window sets one cookie and reads none.\n")
        ingested = await asyncio.to_thread(clausewise, "ingest", new)
        assert ingested.status == 0
        assert "takes up what changed by itself" in ingested.err
        answer = await app.shelf.answer("Which cookie does the shop window set?", language="en")
        assert answer.citations[0].clause.document == "privacy.md"  # type: ignore[union-attr]


def test_route_says_what_a_message_asks_for(empty: Path) -> None:
    told = clausewise("route", "please cancel my account", "--json").json
    assert (told["intent"], told["slots"]) == ("cancel_account", {})
    assert told["reason"]
    ran = clausewise("route", "please delete all personal data you have about me")
    assert ran.out.startswith("gdpr_request  right=erasure")


def test_route_batch(empty: Path) -> None:
    batch = rows_file(
        empty,
        {"id": 1, "text": "I want to talk to a human", "lang": "en"},
        {"id": "b"},
        {"id": "c", "text": "How do I cancel my account?"},
        start=b"\xef\xbb\xbf",
    )
    ran = clausewise("route", "--batch", batch, "--json")
    assert ran.status == 1
    assert ran.lines[0] == {"id": 1, "intent": "talk_to_human", "slots": {}}
    assert set(ran.lines[1]) == {"id", "error"}
    assert ran.lines[2] == {"id": "c", "intent": "question", "slots": {}}


def question(row_id: str, text: str, gold: str = "", language: str = "en", doc: str = "terms.md") -> object:
    kind = {"kind": "answerable", "gold": [gold]} if gold else {"kind": "unanswerable"}
    return {"id": row_id, "lang": language, "doc": doc, "question": text, **kind}


def test_eval_scores_a_question_set(library: Path, tmp_path: Path) -> None:
    file = rows_file(
        tmp_path,
        question("1", "How long is the free trial?", "thirty days"),
        question("2", "Koliko časa traja preizkus?", "trideset dni", "sl", "pogoji.md"),
        question("3", "qwrtzpsd xkcdvbnm"),
    )
    ran = clausewise("eval", file, "--json")
    assert ran.status == 0
    perfect = {"hit@1": 1.0, "hit@5": 1.0, "MRR": 1.0}
    assert ran.json["overall"] == {**perfect, "answerable": 2}
    assert ran.json["by_language"] == {
        "en": {**perfect, "answerable": 1},
        "sl": {**perfect, "answerable": 1},
    }
    assert ran.json["not_found"] == {
        "precision": 1.0,
        "recall": 1.0,
        "unanswerable": 1,
        "wrongly_said": 0,
    }
    table = clausewise("eval", file, file).out
    assert "hit@1" in table
    assert "asked in sl" in table
    assert "not found: precision 1.000, recall 1.000" in table


def test_eval_names_bad_rows_and_scores_the_rest(library: Path, tmp_path: Path) -> None:
    odd = question("1", "How long is\u2028the free trial?", "thirty days")
    file = rows_file(
        tmp_path,
        json.dumps(odd, ensure_ascii=False).encode(),
        b"{",
        b'{"id": "\xff"}',
        {"id": "4", "lang": "en", "doc": "terms.md", "kind": "answerable", "question": "no gold"},
        start=b"\xef\xbb\xbf",
    )
    ran = clausewise("eval", file, "--json")
    assert ran.status == 1
    assert ran.json["overall"]["answerable"] == 1
    assert [line.partition(": ")[0] for line in ran.err.splitlines()] == [
        f"{file}, line {number}" for number in (2, 3, 4)
    ]


def test_eval_without_questions(empty: Path) -> None:
    missing = clausewise("eval", empty / "none.jsonl", "--json")
    assert (missing.status, missing.out) == (2, "")
    assert "No such file" in missing.err
    nothing = clausewise("eval", rows_file(empty, b""))
    assert nothing.status == 2
    assert "no questions to score" in nothing.err


def all_of(terminal: int) -> str:
    """What was written to a terminal whose other end is closed: it is handed out piece by piece."""
    pieces: list[bytes] = []
    with contextlib.suppress(OSError):
        while piece := os.read(terminal, 65536):
            pieces.append(piece)
    os.close(terminal)
    return b"".join(pieces).decode()


def test_progress_only_on_a_terminal(
    empty: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from bot.commands.running import counting

    with counting("reading", 2) as step:
        step("terms.md")
    assert capfd.readouterr().err == ""
    leader, follower = os.openpty()
    with os.fdopen(follower, "w") as screen, pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stderr", screen)
        patch.setenv("TERM", "xterm")
        with counting("reading", 2) as step:
            step("terms.md")
            step("[odd].md")
            step.part("[odd].md", 2000, 5000)
    shown = all_of(leader)
    assert "reading [odd].md" in shown
    assert "clause 2000 of 5000" in shown
    assert "1/2" in shown
