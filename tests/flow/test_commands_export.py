"""`clausewise export`: the package of a case as staff get it, and what keeps them from it."""

import asyncio
import io
import json
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_app
from tests.commands import Ran, clausewise
from tests.fakes import MovingClock
from tests.make import Customer, settings

OWNER, OTHER = "olivia.owner@example.com", "stranger@example.net"
OPENED = "opened-by-staff"


@dataclass(frozen=True, slots=True)
class Store:
    """A store in which both asked for their data; `reference` is the owner's case."""

    reference: str
    other: str


@pytest.fixture
def store(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("DATA_DIR", str(data_dir))

    async def asks(number: int, email: str, words: str) -> None:
        async with open_app(settings(data_dir), clock=clock) as app:
            customer = Customer(app, email=email, chat=f"chat {number}")
            await customer.says(words)
            await customer.presses("confirm")

    clock = MovingClock()
    asyncio.run(asks(1, OWNER, "please send me a copy of my personal data, signed Quillfeather"))
    clock.move(days=1)
    asyncio.run(asks(2, OTHER, "please delete all my personal data, signed Thistledown"))
    cases = clausewise("cases", "list", "--json").lines
    return Store(*(case["reference"] for case in sorted(cases, key=lambda case: str(case["received_at"]))))


def opened() -> list[dict[str, Any]]:
    return clausewise("log", "show", "--kind", "access", "--json").lines


def unpacked(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_the_zip_holds_all_of_the_person_and_the_log_says_who_looked(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "data.zip"
    ran = clausewise("export", store.reference, "--out", out)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == f"The data of {store.reference} is in {out}.\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    files = unpacked(out)
    assert list(files) == ["data.json", "data.html"]
    for text in files.values():
        assert OWNER in text
        assert "Quillfeather" in text
        assert OTHER not in text
        assert "Thistledown" not in text
        assert "andy.agent@example.com" not in text
    told = json.loads(files["data.json"])
    assert told["about"]["reference"] == store.reference
    data = told["data"]
    assert [row["email"] for row in data["member"]] == [OWNER]
    assert [row["company"] for row in data["account"]] == ["Invented Teapots Ltd"]
    assert [row["reference"] for row in data["cases"]] == [store.reference]
    assert (len(data["invoices"]), len(data["consents"]), len(data["conversations"])) == (2, 2, 1)
    assert "token" not in data["actions"][0]
    assert [(entry["rule"], entry["actor"].partition(":")[0]) for entry in opened()] == [(OPENED, "staff")]
    by_person = clausewise("log", "show", "--kind", "access", "--customer", OWNER, "--json").lines
    assert by_person == opened()
    assert clausewise("log", "verify").status == 0


def test_who_belongs_to_no_account_gets_their_own_too(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "data.zip"
    assert clausewise("export", store.other.lower(), "--out", out).status == 0
    files = unpacked(out)
    assert "Thistledown" in files["data.json"]
    assert "Quillfeather" not in files["data.json"] + files["data.html"]
    assert json.loads(files["data.json"])["data"]["member"] == []


def refused(ran: Ran, out: Path, status: int, *, says: str) -> None:
    assert (ran.status, ran.out, out.exists()) == (status, "", False)
    assert says in ran.err


def test_who_is_not_known_or_not_staff_gets_nothing(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "data.zip"
    refused(clausewise("export", "CW-NONE", "--out", out), out, 1, says="clausewise cases list")
    refused(clausewise("export", OWNER, "--out", out), out, 1, says="clausewise cases list")
    ran = clausewise("export", store.reference, "--out", out, "--as", "mallory")
    refused(ran, out, 1, says="STAFF")
    assert opened() == []


def test_what_was_forgotten_cannot_be_exported(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "data.zip"
    assert clausewise("cases", "done", store.other, "--as", "local").status == 0
    before = len(opened())
    refused(clausewise("export", store.other, "--out", out), out, 1, says="was forgotten")
    assert len(opened()) == before


def test_a_file_is_never_overwritten(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "mine.zip"
    out.write_bytes(b"mine")
    ran = clausewise("export", store.reference, "--out", out)
    assert (ran.status, out.read_bytes()) == (2, b"mine")
    assert f"{out} exists already" in ran.err
    nowhere = tmp_path / "no" / "folder.zip"
    refused(clausewise("export", store.reference, "--out", nowhere), nowhere, 2, says="cannot be written")
