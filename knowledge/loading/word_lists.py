"""The numbers that Word shows before paragraphs: it stores none of them, only how to count."""

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knowledge.loading.numbers import label

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_KINDS = {
    "decimal": "1",
    "decimalZero": "01",
    "lowerLetter": "a",
    "upperLetter": "A",
    "lowerRoman": "i",
    "upperRoman": "I",
}


@dataclass(frozen=True, slots=True)
class _Level:
    """`pattern` has %1 for the outermost level's number; a bullet has none."""

    start: int
    kind: str
    pattern: str
    bullet: bool
    legal: bool


class Lists:
    """Counts through one document, from its first paragraph to its last."""

    def __init__(self, numbering: "Element | None") -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._abstract: dict[str, str] = {}
        self._restarts: dict[str, dict[int, int]] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        if numbering is not None:
            self._read(numbering)

    def next(self, list_id: str, depth: int) -> str | None:
        """Count a paragraph. Return its number as shown, "-" for a bullet, None where nothing is shown."""
        abstract = self._abstract.get(list_id)
        levels = self._levels.get(abstract or "", {})
        level = levels.get(depth)
        if abstract is None or level is None:
            return None
        counts = self._counts[abstract]
        for restarted, start in self._restarts.pop(list_id, {}).items():
            counts[restarted] = start - 1
        counts[depth] = counts.get(depth, level.start - 1) + 1
        for deeper in [at for at in counts if at > depth]:
            del counts[deeper]
        if level.bullet:
            return "-"
        shown = level.pattern
        for at, other in levels.items():
            kind = "1" if level.legal else other.kind
            shown = shown.replace(f"%{at + 1}", label(counts.get(at, other.start), kind))
        return shown.strip() or None

    def _read(self, numbering: "Element") -> None:
        for abstract in numbering.iterchildren(f"{W}abstractNum"):
            levels = {_depth(level): _level(level) for level in abstract.iterchildren(f"{W}lvl")}
            self._levels[abstract.get(f"{W}abstractNumId", "")] = levels
        for concrete in numbering.iterchildren(f"{W}num"):
            list_id = concrete.get(f"{W}numId", "")
            self._abstract[list_id] = value(concrete, "abstractNumId")
            for override in concrete.iterchildren(f"{W}lvlOverride"):
                if start := value(override, "startOverride"):
                    self._restarts.setdefault(list_id, {})[_depth(override)] = int(start)


def value(element: "Element | None", name: str) -> str:
    """The w:val of a child, empty where there is none."""
    child = element.find(f"{W}{name}") if element is not None else None
    return str(child.get(f"{W}val", "")) if child is not None else ""


def _depth(level: "Element") -> int:
    return int(level.get(f"{W}ilvl", "0"))


def _level(level: "Element") -> _Level:
    form = value(level, "numFmt")
    return _Level(
        start=int(value(level, "start") or 1),
        kind=_KINDS.get(form, "1"),
        pattern="" if form == "none" else value(level, "lvlText"),
        bullet=form == "bullet",
        legal=level.find(f"{W}isLgl") is not None,
    )
