"""Which clause is which: readable ids that stay with a clause over the versions of its document."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from knowledge.clauses import Piece
from knowledge.folding import fold, words

_MOST_PAIRS = 200_000
_SAME_PATH = 0.4
_OTHER_PATH = 0.7


@dataclass(frozen=True, slots=True)
class Known:
    """A clause of the document's earlier version."""

    clause_id: str
    anchor: str | None
    path: tuple[str, ...]
    text: str


def content_hash(heading: str, text: str) -> str:
    """Hash what a reader sees of a clause. Where it stands does not count."""
    return hashlib.sha256(json.dumps([heading, text], ensure_ascii=False).encode()).hexdigest()


def slug(text: str, *, length: int = 48) -> str:
    """Return text as lower-case Latin letters and digits with hyphens, cut between words; may be empty."""
    parts = "".join(
        letter if letter.isascii() and letter.isalnum() else " " for letter in fold(text, "")
    ).split()
    while len(parts) > 1 and len("-".join(parts)) > length:
        parts.pop()
    return "-".join(parts)[:length]


def assign(
    document: str, pieces: Sequence[Piece], known: Sequence[Known] = (), taken: Iterable[str] = ()
) -> list[str]:
    """Return the id of each piece, unique among themselves, `known` and `taken`.

    A clause of the earlier version gives its id on: to the piece with its anchor, else with its text, else
    to the one left under its heading, else to the one most alike. `document` begins every new id.
    """
    matching = _Matching(pieces, known)
    matching.equal(lambda piece: piece.anchor, lambda old: old.anchor)
    matching.equal(lambda piece: (piece.path, piece.text), lambda old: (old.path, old.text))
    matching.equal(lambda piece: piece.text, lambda old: old.text)
    matching.alike(_SAME_PATH, same_path=True)
    matching.alone_in_path()
    matching.alike(_OTHER_PATH, same_path=False)
    used = {old.clause_id for old in known} | set(taken)
    last: dict[str, int] = {}
    ids: list[str] = []
    for index, piece in enumerate(pieces):
        old = matching.found.get(index)
        ids.append(old.clause_id if old else _new(document, piece, used, last))
    return ids


def _new(document: str, piece: Piece, used: set[str], last: dict[str, int]) -> str:
    base = f"{document}#{piece.anchor or slug(piece.heading) or 'text'}"
    number = last.get(base, 0) + 1
    while (candidate := base if number == 1 else f"{base}-{number}") in used:
        number += 1
    last[base] = number
    used.add(candidate)
    return candidate


@dataclass(slots=True)
class _Matching:
    pieces: Sequence[Piece]
    known: Sequence[Known]
    found: dict[int, Known] = field(default_factory=dict)
    _matched: set[int] = field(default_factory=set)

    def equal(self, new_key: Callable[[Piece], Hashable], old_key: Callable[[Known], Hashable]) -> None:
        """Match what has the same key, in order. A piece with an anchor is only ever its anchor's clause."""
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for place, old in self._old():
            if old_key(old) is not None:
                waiting[old_key(old)].append(place)
        for index, piece in self._new():
            candidates = waiting.get(new_key(piece), [])
            for place in candidates:
                if _may_be(piece, self.known[place]):
                    candidates.remove(place)
                    self._match(index, place)
                    break

    def alike(self, least: float, *, same_path: bool) -> None:
        """Match the likest pairs first, at least `least` alike; where there are too many pairs, none."""
        new, old = self._new(), self._old()
        counts = Counter(piece.path if same_path else () for _, piece in new)
        bags = {place: _bag(each.text) for place, each in old}
        by_path: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for place, each in old:
            by_path[each.path if same_path else ()].append(place)
        by_path = {
            path: places for path, places in by_path.items() if len(places) * counts[path] <= _MOST_PAIRS
        }
        pairs = [
            (-likeness, index, place)
            for index, piece in new
            for bag in [_bag(piece.text)]
            for place in by_path.get(piece.path if same_path else (), [])
            if _may_be(piece, self.known[place]) and (likeness := _likeness(bag, bags[place])) >= least
        ]
        for _, index, place in sorted(pairs):
            if index not in self.found and place not in self._matched:
                self._match(index, place)

    def alone_in_path(self) -> None:
        """Match the one clause left under a heading with the one that was left, however it is worded now."""
        new = Counter(piece.path for _, piece in self._new())
        old = Counter(each.path for _, each in self._old())
        lonely = {path for path, count in new.items() if path and count == 1 and old[path] == 1}
        places = {each.path: place for place, each in self._old() if each.path in lonely}
        for index, piece in self._new():
            if piece.path in lonely and _may_be(piece, self.known[places[piece.path]]):
                self._match(index, places[piece.path])

    def _new(self) -> list[tuple[int, Piece]]:
        return [(index, piece) for index, piece in enumerate(self.pieces) if index not in self.found]

    def _old(self) -> list[tuple[int, Known]]:
        return [(place, old) for place, old in enumerate(self.known) if place not in self._matched]

    def _match(self, index: int, place: int) -> None:
        self.found[index] = self.known[place]
        self._matched.add(place)


def _may_be(piece: Piece, old: Known) -> bool:
    return piece.anchor == old.anchor or piece.anchor is None or old.anchor is None


def _bag(text: str) -> Counter[str]:
    return Counter(word.casefold() for word in words(text))


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """Return the share of words in common, 0..1."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0
