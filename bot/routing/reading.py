"""A message as the rules read it: sentences of clauses, each with the lexicon's words it holds."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from bot.routing.folding import words
from bot.routing.lexicon import Hits, Lexicon, Span

LONGEST_READ = 10_000
_LONGEST_CLAUSE = 60
_MOST_CLAUSES = 40
_LONGEST_OPENING = 10
_ADDRESS = re.compile(r"[^\s@]{1,64}@[^\s@]{1,255}|https?://\S{1,2000}|\bwww\.\S{1,2000}")
_QUOTED = re.compile(r"[\"“”„«»‟]([^\"“”„«»‟\n]{0,600})[\"“”„«»‟]|(?<!\w)['‘‚]([^'‘’‚\n]{2,600})['’](?!\w)")
_PASTED_LINE = re.compile(r"^[ \t]*(>|\|).*$", re.MULTILINE)
_FORWARDED = re.compile(
    r"^[ \t]*(-{2,}[^\n]{0,80}-{2,}[ \t]*$"
    r"|(from|sent|fwd?|fw|od|poslano|nuo|išsiųsta|saatja|saadetud|от|изпратено)[ \t]*:)",
    re.MULTILINE | re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?…]+(?=\s|$|[)\"'])|[\n;]+|:(?=\s|$)")
# A point that ends no sentence: "1. märtsist", "art. 15", "el. pašto".
_ABBREVIATED = re.compile(
    r"\b(\d{1,2}|[Nn]r|[Aa]rt|[Šš]t|[Čč]l|[Ee]l|[Tt]el|[Чч]л|бр|d)\.(?=\s+[a-zà-žа-я0-9])"
)
_CLAUSE_END = re.compile(r",|\s[-–—]+\s|—|[()/]")


@dataclass(frozen=True, slots=True)
class Clause:
    tokens: tuple[str, ...]
    hits: Hits

    def has(self, *concepts: str) -> bool:
        return any(concept in self.hits for concept in concepts)

    def spans(self, *concepts: str) -> tuple[Span, ...]:
        return tuple(sorted(span for concept in concepts for span in self.hits.get(concept, ())))

    def bare(self, concept: str, *covers: str) -> tuple[Span, ...]:
        """Where the concept stands outside every longer or equal span of the covering concepts."""
        over = self.spans(*covers)
        return tuple(
            (start, end)
            for start, end in self.hits.get(concept, ())
            if not any(left <= start and end <= right for left, right in over)
        )

    def covered(self, *concepts: str) -> bool:
        """Whether every word belongs to one of the concepts."""
        inside = {at for start, end in self.spans(*concepts) for at in range(start, end)}
        return len(inside) == len(self.tokens)


@dataclass(frozen=True)
class Sentence:
    clauses: tuple[Clause, ...]
    mark: str

    @cached_property
    def concepts(self) -> frozenset[str]:
        return frozenset(concept for clause in self.clauses for concept in clause.hits)

    def has(self, *concepts: str) -> bool:
        return not self.concepts.isdisjoint(concepts)

    @cached_property
    def hypothetical(self) -> bool:
        return any(clause.bare("if", "courtesy_if") for clause in self.clauses)

    @cached_property
    def asks(self) -> bool:
        return self.mark == "?" or any(clause.bare("ask", "you") for clause in self.clauses)

    @cached_property
    def size(self) -> int:
        return sum(len(clause.tokens) for clause in self.clauses)

    @property
    def rambling(self) -> bool:
        """Whether it runs on too long to tell what belongs to what."""
        return len(self.clauses) > _MOST_CLAUSES or any(
            len(one.tokens) >= _LONGEST_CLAUSE for one in self.clauses
        )


@dataclass(frozen=True)
class Message:
    """`pasted` says that quoted or forwarded text was set aside and not read."""

    language: str
    sentences: tuple[Sentence, ...]
    pasted: bool

    @cached_property
    def concepts(self) -> frozenset[str]:
        return frozenset(concept for sentence in self.sentences for concept in sentence.concepts)

    def has(self, *concepts: str) -> bool:
        return not self.concepts.isdisjoint(concepts)

    @property
    def clauses(self) -> Iterator[tuple[Sentence, Clause]]:
        return ((sentence, clause) for sentence in self.sentences for clause in sentence.clauses)

    @cached_property
    def asks(self) -> bool:
        return any(sentence.asks for sentence in self.sentences)

    @cached_property
    def size(self) -> int:
        return sum(sentence.size for sentence in self.sentences)


def read(text: str, book: Lexicon) -> Message:
    """Read a message with one language's lexicon. Never fails; text beyond 10,000 characters is not read."""
    own, pasted = _own_words(text[:LONGEST_READ])
    sentences = []
    start = 0
    for end, mark, following in _ends(own):
        clauses = tuple(_clauses(own[start:end], book))
        start = following
        if clauses:
            sentences.append(Sentence(clauses, mark))
        elif sentences and mark == "?":
            sentences[-1] = Sentence(sentences[-1].clauses, mark)
    return Message(book.language, tuple(sentences), pasted)


def _own_words(text: str) -> tuple[str, bool]:
    """Without what somebody else wrote: forwarded mail, cited lines, text in quotation marks."""
    forwarded = _FORWARDED.search(text)
    own = text[: forwarded.start()] if forwarded else text
    own = _PASTED_LINE.sub(" ", own)
    own = _QUOTED.sub(" ", _ADDRESS.sub(" ", own))
    return _ABBREVIATED.sub(r"\1", own), own.strip() != text.strip()


def _ends(text: str) -> Iterator[tuple[int, str, int]]:
    for found in _SENTENCE_END.finditer(text):
        mark = "?" if "?" in found.group() else found.group()[0]
        yield found.start(), mark, found.end()
    yield len(text), "", len(text)


def _clauses(text: str, book: Lexicon) -> Iterator[Clause]:
    """Clauses between commas and conjunctions; "please," and "I want," stay with what they introduce.

    So does ", please" at the very end with what it follows.
    """
    held: tuple[str, ...] = ()
    last: Clause | None = None
    for piece in _CLAUSE_END.split(text):
        tokens = tuple(book.corrected(token) for token in words(piece, book.language))
        for part in _parted(tokens, book):
            clause = Clause(held + part, book.hits(held + part))
            held = ()
            if _introduces(clause):
                held = clause.tokens
                continue
            if last:
                yield last
            last = clause
    if last and held and Clause(held, book.hits(held)).covered("please"):
        last, held = Clause(last.tokens + held, book.hits(last.tokens + held)), ()
    if last:
        yield last
    if held:
        yield Clause(held, book.hits(held))


def _parted(tokens: tuple[str, ...], book: Lexicon) -> Iterator[tuple[str, ...]]:
    cuts = [start for start, _ in book.hits(tokens).get("split", ()) if start]
    for left, right in zip([0, *cuts], [*cuts, len(tokens)], strict=True):
        for start in range(left, right, _LONGEST_CLAUSE):
            yield tokens[start : min(start + _LONGEST_CLAUSE, right)]


def _introduces(clause: Clause) -> bool:
    """Whether a clause is only "please", "I would like" or "I do not want": nothing without its sequel."""
    openings = ("please", "want", "verbs.object.first", "verbs.stop.first", "verbs.stop.inf")
    brief = len(clause.tokens) <= _LONGEST_OPENING
    return (
        brief
        and clause.has(*openings)
        and clause.covered(*openings, "negator", "greeting", "complement", "you", "it", "lead")
    )
