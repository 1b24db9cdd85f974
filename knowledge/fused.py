"""Words that arose where two cells of a table met without a space, told from names with a capital inside.

"ServersExample" is two cells, "MailChimp" is a name. Letters alone cannot say which. A name recurs in the
document's sentences; a label recurs at the beginning of rows and is a common word elsewhere. Where neither
is seen the word stays as it is: a torn name is worse than two cells that touch.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from knowledge.segments import Segment

UPPER = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĢĪĮĶĹĻĽŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŹŻŽА-ЯЁЄІЇЈЉЊЋЌЎЏҐ"
LOWER = "a-zß-öø-ÿāăąćčďđēėęěģīįķĺļľłńņňōőœŕřśşšţťūůűųźżžа-яёєіїјљњћќўџґѝ"
FIRST_WORDS = 7
"""So many words of a line may be its first cell and the beginning of the second."""

_WORD = re.compile(rf"[{UPPER}{LOWER}]+")
# A word of at least three small letters that a capital follows, or a code such as "CURa" that a word follows.
_FUSED = re.compile(rf"[{LOWER}]{{3}}[{UPPER}][{LOWER}]{{2}}|^[A-Z]{{2,}}[a-z]?[{UPPER}][{LOWER}]{{2}}")
_JOIN = re.compile(rf"(?<=[{LOWER}]{{3}})(?=[{UPPER}][{LOWER}{UPPER}])")
_HEADER_JOIN = re.compile(rf"(?<=[{LOWER}]{{3}})(?=[{UPPER}][{LOWER}]{{2}})")
_SENTENCE_JOIN = re.compile(rf"(?<=[{LOWER}]{{3}}[.!?])(?=([{UPPER}][{LOWER}]{{2,}}))")
_CODE = re.compile(rf"([A-Z]{{2,}}[a-z]?)(?=[{UPPER}][{LOWER}])")
_CODE_APART = re.compile(rf"([A-Z]{{2,}}[a-z]?)\s+(?=[{UPPER}])")
_BARE_CODE = re.compile(r"[A-Z]{2,}[a-z]?")
_CYRILLIC = re.compile("[Ѐ-ӿ]")
_CUT = -2
"""An inflected word differs in its last letters."""

_LABEL = 6
_COMMON = 5


class Names:
    """How a document spells its words: which stand alone, which are common, which have capitals inside."""

    def __init__(self, parts: Iterable[Segment]) -> None:
        self._told: Counter[str] = Counter()
        self._alone: set[str] = set()
        self._beginnings: set[str] = set()
        self.codes: set[str] = set()
        for part in parts:
            self._learn(part)

    def _learn(self, part: Segment) -> None:
        told: set[str] = set()
        for line in part.lines:
            tokens = line.split()
            codes = [token for token in tokens if _BARE_CODE.fullmatch(token)]
            self.codes.update(codes if len(codes) >= 4 and len(codes) * 10 >= len(tokens) * 7 else ())
            for index, token in enumerate(tokens):
                for word in _WORD.findall(token):
                    if not _FUSED.search(word):
                        self._hear(word)
                    elif index or len(part.lines) == 1:
                        told.add(_stem(word))
        self._told.update(told)

    def _hear(self, word: str) -> None:
        plain = word.casefold()
        if plain not in self._alone or word[0].islower():
            self._alone.add(plain)
            if word[0].islower():
                self._beginnings.update(plain[:end] for end in range(4, len(plain) + 1))

    def has(self, word: str, *, leads: bool) -> bool:
        """Whether the document's other sentences spell a word with this capital inside: then it is a name.

        `leads`: the word begins a line, and so has not been counted itself.
        """
        return self._told[_stem(word)] > (0 if leads else 1)

    def is_alone(self, word: str) -> bool:
        return word.casefold() in self._alone

    def is_common(self, word: str) -> bool:
        """Whether the document writes a word small inside its sentences, if with another ending."""
        plain = word.casefold()
        return plain[: max(min(len(plain), _COMMON), len(plain) + _CUT)] in self._beginnings


def _stem(word: str) -> str:
    """A fused word up to the third letter behind its capital, for a name may be inflected."""
    join = _JOIN.search(word) or _CODE.match(word)
    return word[: join.end() + 3] if join else word[:8]


def is_fused(line: str, names: Names) -> bool:
    """Whether two cells seem to meet without a space among the first words of a line."""
    return any(
        _FUSED.search(word) and not names.has(word, leads=index == 0)
        for index, token in enumerate(line.split()[:FIRST_WORDS])
        for word in _WORD.findall(token)
        if len(word) >= 4
    )


class Cells:
    """Where the cells end in the lines of one table."""

    def __init__(self, lines: Sequence[str], names: Names) -> None:
        self._names = names
        self._labels = _labels(lines, names)
        self._coded = _has_codes(lines, names)
        self._told = sum(self._first_end(line) is not None for line in lines) >= 2

    def split(self, line: str, *, header: bool = False) -> str:
        """Return the line, squeezed before, with a line break wherever a cell ends for certain."""
        if self._told and header:
            return "\n".join(_parts(line, sorted(self._header_ends(line))))
        first = self._first_end(line)
        if first is None:
            return line
        sentences = [
            match.start()
            for match in _SENTENCE_JOIN.finditer(line, first)
            if self._told and self._names.is_alone(match.group(1))
        ]
        return "\n".join(_parts(line, [first, *sentences]))

    def _first_end(self, line: str) -> int | None:
        if self._coded and (code := _CODE.match(line) or _CODE_APART.match(line)):
            return len(code.group(1))
        return self._label_end(line) or next(self._word_ends(line), None)

    def _label_end(self, line: str) -> int | None:
        """Where a label ends that stands before other words in other rows of its column."""
        if not self._labels or (word := _WORD.match(line)) is None:
            return None
        ends = [join.start() for join in _JOIN.finditer(word.group())]
        for end in ends:
            if word.group()[:end] in self._labels:
                return end
        return next((end for end in ends if self._is_new_label(word.group(), end)), None)

    def _is_new_label(self, word: str, end: int) -> bool:
        """In a table with such a column a label may stand in one row alone."""
        return self._names.is_common(word[:end]) and not self._names.has(word, leads=True)

    def _word_ends(self, line: str) -> Iterator[int]:
        """Where a small word, not a line's first, runs into a capital, and both words stand alone too."""
        for index, token in enumerate(re.finditer(r"\S+", line)):
            if not 0 < index < FIRST_WORDS:
                continue
            for word in _WORD.finditer(token.group()):
                join = _JOIN.search(word.group())
                if join and self._is_two(word.group()[: join.start()], word.group()[join.start() :]):
                    yield token.start() + word.start() + join.start()

    def _is_two(self, before: str, behind: str) -> bool:
        if len(before) < 4 or not before.islower() or self._names.has(before + behind, leads=False):
            return False
        if _is_cyrillic(before[-1]) != _is_cyrillic(behind[0]):
            return True
        return self._names.is_alone(before) and self._names.is_alone(behind)

    def _header_ends(self, line: str) -> Iterator[int]:
        for index, token in enumerate(re.finditer(r"\S+", line)):
            for word in _WORD.finditer(token.group()):
                if not self._names.has(word.group(), leads=index == 0):
                    at = token.start() + word.start()
                    yield from (at + join.start() for join in _HEADER_JOIN.finditer(word.group()))


def _labels(lines: Sequence[str], names: Names) -> set[str]:
    """Words that begin several lines, each time fused with another word, and are common elsewhere."""
    behind: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        if word := _WORD.match(line):
            for join in _JOIN.finditer(word.group()):
                behind[word.group()[: join.start()]].add(word.group()[join.start() :])
    return {
        label
        for label, others in behind.items()
        if len(label) >= _LABEL and len(others) >= 2 and names.is_common(label)
    }


def _has_codes(lines: Sequence[str], names: Names) -> bool:
    """Whether the first column holds codes: they are declared elsewhere, or the same words follow several."""
    fused = [match for line in lines if (match := _CODE.match(line))]
    apart = sum(_CODE_APART.match(line) is not None for line in lines)
    if len(fused) < 2 or (len(fused) + apart) * 2 < len(lines):
        return False
    codes_before: dict[str, set[str]] = defaultdict(set)
    following = [_WORD.match(match.string, match.end()) for match in fused]
    for match, word in zip(fused, following, strict=True):
        codes_before[word.group() if word else ""].add(match.group(1))
    sure = sum(
        match.group(1) in names.codes
        or (word is not None and len(codes_before[word.group()]) >= 2)
        or _is_cyrillic(match.string[match.end()])
        for match, word in zip(fused, following, strict=True)
    )
    return sure * 2 >= len(fused)


def _is_cyrillic(letter: str) -> bool:
    return _CYRILLIC.match(letter) is not None


def _parts(line: str, ends: Sequence[int]) -> list[str]:
    """A line cut at `ends`, which rise."""
    return [line[start:end].strip() for start, end in zip([0, *ends], [*ends, len(line)], strict=True)]
