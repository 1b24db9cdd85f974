"""The words that the rules speak of, read from lexicon/*.toml and matched in one pass."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from bot.routing.folding import spellings

Span = tuple[int, int]
Hits = Mapping[str, tuple[Span, ...]]

GAP = "~"
_LONGEST_GAP = 3
_SHORTEST_FUZZY = 6
_FORGIVING = frozenset(
    ("account", "subscription", "invoice", "data", "consent", "marketing", "person", "please")
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A word, a stem or a phrase. Each part is a set of spellings, or None for a gap of up to three words."""

    concept: str
    parts: tuple[tuple[tuple[str, ...], bool] | None, ...]

    def end(self, tokens: Sequence[str], at: int, part: int = 0) -> int | None:
        """Where the pattern ends when it starts at `at`, or None where it does not match there."""
        while part < len(self.parts):
            wanted = self.parts[part]
            if wanted is None:
                tries = (self.end(tokens, at + skip, part + 1) for skip in range(_LONGEST_GAP + 1))
                return next((end for end in tries if end is not None), None)
            if at >= len(tokens) or not _matches(tokens[at], *wanted):
                return None
            at, part = at + 1, part + 1
        return at


def _matches(token: str, forms: tuple[str, ...], stem: bool) -> bool:
    return token.startswith(forms) if stem else token in forms


@dataclass(slots=True)
class Lexicon:
    """One language's patterns, indexed by their first word or stem."""

    language: str
    exact: dict[str, list[Pattern]] = field(default_factory=dict)
    stems: dict[str, list[Pattern]] = field(default_factory=dict)
    near: dict[str, set[str]] = field(default_factory=dict)
    _seen: dict[str, tuple[Pattern, ...]] = field(default_factory=dict)

    def add(self, pattern: Pattern) -> None:
        first = pattern.parts[0]
        assert first is not None, "a pattern does not start with a gap"
        # A slip may hide a thing or an act, but must never make a marker of another word.
        forgiving = pattern.concept.startswith("verbs.") or pattern.concept in _FORGIVING
        for form in first[0]:
            (self.stems if first[1] else self.exact).setdefault(form, []).append(pattern)
            if not first[1] and len(form) >= _SHORTEST_FUZZY and len(pattern.parts) == 1 and forgiving:
                for shape in _shapes(form):
                    self.near.setdefault(shape, set()).add(form)

    def knows(self, token: str) -> bool:
        return bool(self._starting(token))

    def _starting(self, token: str) -> tuple[Pattern, ...]:
        known = self._seen.get(token)
        if known is None:
            found = list(self.exact.get(token, ()))
            for length in range(2, min(len(token), 24) + 1):
                found += self.stems.get(token[:length], ())
            known = tuple(found)
            if len(self._seen) < 20_000:
                self._seen[token] = known
        return known

    def corrected(self, token: str) -> str:
        """The one word of the lexicon within one slip of an unknown word, or the word itself."""
        if (
            len(token) < _SHORTEST_FUZZY - 1
            or len(token) > 24
            or not token.isalpha()
            or self._starting(token)
        ):
            return token
        candidates = {form for shape in _shapes(token) for form in self.near.get(shape, ())}
        close = sorted(form for form in candidates if _one_slip(token, form))
        return close[0] if close else token

    def hits(self, tokens: Sequence[str]) -> dict[str, tuple[Span, ...]]:
        found: dict[str, list[Span]] = {}
        for at, token in enumerate(tokens):
            for pattern in self._starting(token):
                end = pattern.end(tokens, at)
                if end is not None:
                    found.setdefault(pattern.concept, []).append((at, end))
        return {concept: tuple(spans) for concept, spans in found.items()}


def _shapes(word: str) -> set[str]:
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


def _one_slip(left: str, right: str) -> bool:
    """Whether one letter was added, left out, changed or swapped with its neighbour.

    The first and the last letter stand: a different ending is another form, not a slip.
    """
    if left[0] != right[0] or left[-1] != right[-1]:
        return False
    if len(left) == len(right):
        apart = [i for i in range(len(left)) if left[i] != right[i]]
        swapped = len(apart) == 2 and apart[1] == apart[0] + 1
        return len(apart) == 1 or (
            swapped and left[apart[0]] == right[apart[1]] and left[apart[1]] == right[apart[0]]
        )
    longer, shorter = (left, right) if len(left) > len(right) else (right, left)
    return len(longer) == len(shorter) + 1 and any(
        longer[:i] + longer[i + 1 :] == shorter for i in range(len(longer))
    )


def _pattern(concept: str, written: str, language: str) -> Pattern:
    parts: list[tuple[tuple[str, ...], bool] | None] = []
    for part in written.replace("-", "_").split("_"):
        stem = part.endswith("*")
        parts.append(None if part == GAP else (spellings(part.removesuffix("*"), language), stem))
    return Pattern(concept, tuple(parts))


def _entries(data: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in data.items():
        if isinstance(value, Mapping):
            verbal = prefix or name == "verbs"
            yield from _entries(value, f"{prefix}{name}." if verbal else "")
        else:
            yield prefix + name, str(value)


@cache
def lexicon(language: str, subject: str = "") -> Lexicon:
    """The lexicon of one of the product's languages: the router's, or the one of another subject."""
    name = f"{subject}.{language}.toml" if subject else f"{language}.toml"
    text = files("bot.routing").joinpath("lexicon", name).read_text(encoding="utf-8")
    read = Lexicon(language)
    for concept, written in _entries(tomllib.loads(text)):
        for one in written.split():
            read.add(_pattern(concept, one, language))
    return read
