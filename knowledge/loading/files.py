"""Paths -> the files to read, in a fixed order, and what is wrong with the rest."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.loading.formats import PAGES, TEXTS

SUFFIXES = (*TEXTS, *PAGES, ".pdf", ".docx")
_ADVICE = {
    ".doc": "Word's old format is not read. Open it in Word or LibreOffice and save it as .docx.",
    ".docm": "Documents with macros are not read. Save it as .docx.",
    ".odt": "OpenDocument is not read. Open it in LibreOffice and save it as .docx or PDF.",
    ".rtf": "Rich text is not read. Open it in Word or LibreOffice and save it as .docx.",
    ".pages": "Documents of Pages are not read. Export it as .docx or PDF.",
}
"""Documents that a folder may hold and that are not read: they are named, and never passed over."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read. `folder` is the folder it was found through; None when it was named itself."""

    path: Path
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A path, file or folder that gives no document; `reason` says why and what to do."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """All paths are absolute. `folders` could be listed; nothing exists at the paths in `absent`."""

    files: tuple[Found, ...]
    refused: tuple[Refused, ...] = ()
    folders: tuple[Path, ...] = ()
    absent: tuple[Path, ...] = ()


def discover(paths: Sequence[Path]) -> Discovery:
    """List the documents under `paths`: folders to any depth, sorted, hidden files passed over.

    A file reached twice counts once. Nothing is read yet, and nothing raises.
    """
    files: dict[Path, Found] = {}
    refused: list[Refused] = []
    folders: list[Path] = []
    absent: list[Path] = []
    for given in paths:
        path = Path(os.path.abspath(given))
        if path.is_dir():
            inside = _under(path, refused)
            folders.append(path)
            unread = [file for file in inside if _problem(file)]
            refused += [Refused(_printable(file), _problem(file)) for file in unread]
            inside = [file for file in inside if not _problem(file)]
            if not inside and not unread:
                refused.append(
                    Refused(_printable(given), f"No {_suffixes()} file in this folder. Name another folder.")
                )
            for file in inside:
                files.setdefault(file.resolve(), Found(file, path))
        elif problem := _problem(path):
            refused.append(Refused(_printable(given), problem))
            absent += [] if path.exists() else [path]
        else:
            files.setdefault(path.resolve(), Found(path))
    return Discovery(tuple(files.values()), tuple(refused), tuple(folders), tuple(absent))


def _under(folder: Path, refused: list[Refused]) -> list[Path]:
    def note(error: OSError) -> None:
        refused.append(
            Refused(
                _printable(Path(error.filename)),
                f"Cannot be listed ({error.strerror}). Check its permissions.",
            )
        )

    found: list[Path] = []
    for root, directories, names in os.walk(folder, onerror=note):
        directories[:] = sorted(name for name in directories if not name.startswith("."))
        found += [
            Path(root, name)
            for name in sorted(names)
            if not name.startswith((".", "~$")) and _is_document(Path(root, name))
        ]
    return found


def _problem(path: Path) -> str:
    if not _has_storable_name(path):
        return "The path is not UTF-8, so it cannot be stored. Rename it."
    if not path.exists():
        return "No such file or folder. Check the path."
    if not path.is_file():
        return "Not a file. Name a document or a folder with documents."
    if advice := _ADVICE.get(path.suffix.lower()):
        return advice
    if path.suffix.lower() not in SUFFIXES:
        return f"Only {_suffixes()} files are read. Save the document as plain text (UTF-8) or Markdown."
    return ""


def _has_storable_name(path: Path) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in str(path))


def _printable(path: Path) -> str:
    return str(path).encode("utf-8", "replace").decode("utf-8")


def _is_document(path: Path) -> bool:
    return path.suffix.lower() in (*SUFFIXES, *_ADVICE) and path.is_file()


def _suffixes() -> str:
    return f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
