"""Files and folders -> source texts, and what is said about the rest."""

import os
from pathlib import Path

import pytest

from knowledge.errors import LoadError
from knowledge.loading import discover, load


def write(path: Path, data: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@pytest.mark.parametrize(
    ("data", "text", "note"),
    [
        (b"One.\nTwo.", "One.\nTwo.", None),
        (b"One.\r\nTwo.\rThree.", "One.\nTwo.\nThree.", None),
        ("\ufeffČlen ena.".encode(), "Člen ena.", "byte order mark"),
        ("Член едно.".encode("utf-16"), "Член едно.", "UTF-16"),
        (b"\xfe\xff" + "Žinia".encode("utf-16-be"), "Žinia", "UTF-16"),
        ("Žinia".encode("utf-32"), "Žinia", "UTF-32"),
    ],
)
def test_text_is_read(tmp_path: Path, data: bytes, text: str, note: str | None) -> None:
    source = load(write(tmp_path / "a.txt", data))
    assert source.name == "a.txt"
    assert source.text == text
    assert (note in source.notes[0]) if note else not source.notes


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \n\t \r\n", "white space only"),
        (b"%PDF-1.7\x00\x01\x02", "not a text file"),
        (b"PK\x03\x04\x14\x00\xff\xfe", "not a text file"),
        ("člen šest".encode("cp1250"), "not UTF-8 (line 1)"),
        (b"first\nsecond\n" + "член".encode("cp1251"), "not UTF-8 (line 3)"),
        ("Še en člen o plačilu in vračilu.\n".encode() * 3 + b"\xe8len", "damaged (line 4)"),
        (b"\xff\xfe\x00", "damaged"),
    ],
)
def test_what_is_no_text_is_refused_with_a_remedy(tmp_path: Path, data: bytes, says: str) -> None:
    with pytest.raises(LoadError) as refused:
        load(write(tmp_path / "a.txt", data))
    assert says in str(refused.value)
    assert any(word in str(refused.value) for word in ("Save", "save", "Put"))


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="Cannot be read"):
        load(tmp_path)


def test_folders_are_walked_in_order_without_what_is_hidden(tmp_path: Path) -> None:
    for name in ("b.txt", "a.md", "z/c.TXT", "z/.hidden.txt", ".git/d.md", "picture.png"):
        write(tmp_path / name, "Text.")
    found = discover([tmp_path])
    assert [str(file.path.relative_to(tmp_path)) for file in found.files] == ["a.md", "b.txt", "z/c.TXT"]
    assert not found.refused
    assert found.folders == (tmp_path,)


def test_a_file_reached_twice_counts_once(tmp_path: Path) -> None:
    file = write(tmp_path / "a.txt", "Text.")
    os.symlink(file, tmp_path / "b.txt")
    assert len(discover([file, tmp_path, file]).files) == 1


def test_wrong_paths_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    good = write(tmp_path / "a.txt", "Text.")
    (tmp_path / "empty").mkdir()
    picture = write(tmp_path / "p.png", b"\x89PNG")
    found = discover([tmp_path / "gone.txt", tmp_path / "empty", picture, good])
    assert [file.path for file in found.files] == [good]
    reasons = {Path(refused.name).name: refused.reason for refused in found.refused}
    assert "No such file" in reasons["gone.txt"]
    assert "No .txt, .md, .html, .htm, .xhtml, .pdf or .docx file" in reasons["empty"]
    assert "Only .txt, .md" in reasons["p.png"]
    assert found.absent == (tmp_path / "gone.txt",)


@pytest.mark.parametrize("name", ["a.doc", "a.ODT", "a.rtf", "a.docm", "a.pages"])
def test_documents_that_are_not_read_are_named_also_in_a_folder(tmp_path: Path, name: str) -> None:
    good = write(tmp_path / "good.txt", "Text.")
    write(tmp_path / name, b"\x00")
    write(tmp_path / "~$good.docx", b"\x00")
    found = discover([tmp_path])
    assert [file.path for file in found.files] == [good]
    assert [Path(refused.name).name for refused in found.refused] == [name]
    assert "as .docx" in found.refused[0].reason


def test_a_name_that_cannot_be_stored_is_refused(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xe8.txt")).write_text("Text.")
    except OSError:
        return  # this file system holds no such name, so none can come from it
    write(tmp_path / "a.txt", "Text.")
    found = discover([tmp_path])
    assert [file.path.name for file in found.files] == ["a.txt"]
    assert "Rename" in found.refused[0].reason
    assert found.refused[0].name.endswith("?.txt")
