"""Run-in headings: the words at the beginning of a paragraph that name its subject.

"Refunds. If ..." keeps its period; a page flattened to text may not: "Handling of VAT ID If the ...".
The second kind is found by a word that has a capital in the middle of what would be a sentence, though
the document writes it small elsewhere. One paragraph alone proves nothing; a section where at least half
of the paragraphs begin so does.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from knowledge.sentence_words import is_sentence

_TOKEN = re.compile(r"\S+")
_WORD = re.compile(r"[^\W\d_]+")
_QUESTION = re.compile(r"^([^.!?:;]{8,80}\?)\s+(?=[\"'“„«»(]*[^\W\d_])")
_PERIOD = re.compile(r"^((?:\d{1,3}(?:\.\d{1,3})*[.)]?\s+)?[^.!?:;]{3,80}?)\.\s+(?=[\"'“„«»(]*[^\W\d_])")
_COLON = re.compile(r"^([^.!?:;,]{3,50}):\s+(?=\S)")
_BEHIND = re.compile(r"\s*(?:[.:–—]|-(?=\s))\s+(?=\S)|\s+(?=\S)")
_NUMBER = re.compile(r"^\d{1,3}(?:\.\d{1,3})*[.)]?\s")
# German writes every noun with a capital; a capital inside a sentence says nothing there.
_CAPITALS_SAY_NOTHING = frozenset({"de", "lb"})
_MOST_WORDS = 10
_LEAST_BEHIND = 20
"""Characters. What is shorter names no subject of its own: "E-mail: a@b.example" stays one text."""
# Words before a period that ends no sentence.
_SHORT = """
    d m r o s št oz npr str el pvz nr no art čl inc llc ltd co corp st sv tel č dr mr mrs str гр г т чл напр
"""
_ABBREVIATIONS = frozenset(_SHORT.split())


class Capitals:
    """How a document writes its words inside sentences: with a capital or small."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._small: Counter[str] = Counter()
        self._large: Counter[str] = Counter()
        for text in texts:
            before = "."
            for token in _TOKEN.findall(text):
                if (word := _WORD.search(token)) and before[-1] not in ".!?:":
                    (self._large if word[0][0].isupper() else self._small)[word[0].casefold()] += 1
                before = token

    def is_usually_small(self, word: str) -> bool:
        small, large = self._small[word.casefold()], self._large[word.casefold()]
        return small > 0 and (large <= 2 or small >= 2 * large)


def labels(paragraphs: Sequence[str], capitals: Capitals, language: str) -> list[str]:
    """Return each paragraph's run-in heading, empty where it has none.

    A question at the beginning is one by itself; any other is taken only where the section has a pattern.
    """
    found = [_question(paragraph) for paragraph in paragraphs]
    for one in (_sentence_or_flattened(capitals, language), _before_colon):
        titles = [one(paragraph) for paragraph in paragraphs]
        count = sum(map(bool, titles))
        if count >= 2 and count * 2 >= len(paragraphs):
            found = [already or title for already, title in zip(found, titles, strict=True)]
    return found


def marked(label: str, paragraph: str) -> str:
    """Return the label that the markup shows, unless it only stresses a sentence or has little behind it."""
    stressed = is_sentence(label) and not label.endswith("?")
    return "" if stressed or len(paragraph) <= len(label) + _LEAST_BEHIND else label


def behind(heading: str, paragraph: str, capitals: Capitals, *, is_label: bool) -> str:
    """Return the paragraph without the heading that it begins with, or all of it where it only seems to.

    "Annual credit" repeats no heading in "Annual credit that was added lasts a year." A label has been
    found in this very paragraph, so it needs no other sign.
    """
    if not heading or paragraph[: len(heading)].casefold() != heading.casefold():
        return paragraph
    match = _BEHIND.match(paragraph, len(heading))
    if match is None or not any(letter.isalnum() for letter in paragraph[match.end() :]):
        return paragraph
    if is_label or match.group().strip() or heading[-1] in "?:":
        return paragraph[match.end() :]
    words = paragraph[match.end() :].split(maxsplit=2)
    goes_on = len(words) > 1 and _opens_sentence(words[0], words[1], capitals)
    return paragraph[match.end() :] if goes_on else paragraph


def _question(paragraph: str) -> str:
    match = _QUESTION.match(paragraph)
    return match.group(1) if match else ""


def _sentence_or_flattened(capitals: Capitals, language: str) -> Callable[[str], str]:
    def title(paragraph: str) -> str:
        if first := _first_sentence(paragraph, language):
            return first
        return "" if language in _CAPITALS_SAY_NOTHING else _flattened(paragraph, capitals)

    return title


def _first_sentence(paragraph: str, language: str) -> str:
    match = _PERIOD.match(paragraph)
    if match is None or len(paragraph) <= len(match.group(1)) + _LEAST_BEHIND:
        return ""
    first = match.group(1)
    last = first.split()[-1].strip("\"'“”„)»«").casefold()
    following = next(letter for letter in paragraph[match.end() :] if letter.isalpha())
    if last in _ABBREVIATIONS or following.islower() or not 2 <= len(first.split()) <= 8:
        return ""
    named = _NUMBER.sub("", first)
    return "" if any(map(str.isdigit, named)) or is_sentence(named, language) else first


def _before_colon(paragraph: str) -> str:
    match = _COLON.match(paragraph)
    if match is None or len(paragraph) <= match.end() + _LEAST_BEHIND:
        return ""
    return match.group(1) if len(match.group(1).split()) <= 4 else ""


def _flattened(paragraph: str, capitals: Capitals) -> str:
    tokens = list(_TOKEN.finditer(paragraph))[: _MOST_WORDS + 2]
    for before, here, after in zip(tokens[1:], tokens[2:], tokens[3:], strict=False):
        if not _opens_sentence(here.group(), after.group(), capitals):
            continue
        title = paragraph[: here.start()].strip()
        if before.group()[-1] not in ",;:.-–/(" and not _is_short_small_word(before.group()):
            return title if len(paragraph) > len(title) + _LEAST_BEHIND else ""
    return ""


def _opens_sentence(word: str, following: str, capitals: Capitals) -> bool:
    return (
        word[0].isupper()
        and word.isalpha()
        and not (word.isupper() and len(word) > 1)
        and following[0].islower()
        and capitals.is_usually_small(word)
    )


def _is_short_small_word(word: str) -> bool:
    """Articles and prepositions: no title ends with one."""
    return word.isalpha() and word.islower() and len(word) <= 3
