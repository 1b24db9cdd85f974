"""From a sheet to its PDF: pages of placed lines, then bytes.

The same sheet gives the same bytes: no clock, no random id, and the fonts travel in the file.
"""

from dataclasses import dataclass
from io import BytesIO
from threading import Lock

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from actions.papers.sheet import PaperKind, Party, Sheet
from actions.papers.text import BOLD, REGULAR, load_fonts, printable, width, wrapped
from actions.papers.wording import Wording, wording

PAGE_WIDTH, PAGE_HEIGHT = A4
MARGIN = 56.0
RIGHT = PAGE_WIDTH - MARGIN
VALUES = MARGIN + 140.0
FOOT = MARGIN + 24.0
"""Lines end above it; the page's own line stands below."""

_TITLE, _BODY, _SMALL = 20.0, 10.5, 8.5
_LEADING = 1.35
_ROOM = RIGHT - VALUES
_NONE = "–"

_one_at_a_time = Lock()
"""reportlab's fonts are shared by all its documents, and papers are made in threads."""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text. `x` and `y` are where it begins, in points from the page's lower left corner."""

    x: float
    y: float
    text: str
    font: str = REGULAR
    size: float = _BODY

    @property
    def end(self) -> float:
        return self.x + width(self.text, self.font, self.size)


@dataclass(frozen=True, slots=True)
class _Line:
    """Spans beside one another, `height` points in all; their `y` is set when the page is known."""

    spans: tuple[Span, ...]
    height: float = _BODY * _LEADING


def render(sheet: Sheet) -> bytes:
    """Return the PDF of `sheet`."""
    with _one_at_a_time:
        load_fonts()
        words = wording(sheet.language)
        file = BytesIO()
        canvas = Canvas(file, pagesize=A4, invariant=1, lang=words.language, initialFontName=REGULAR)
        canvas.setTitle(f"{words.say(sheet.kind)} {sheet.number}")
        canvas.setAuthor(printable(" ".join(sheet.seller.name.split())))
        canvas.setCreator("Clausewise")
        for page in pages(sheet):
            for span in page:
                canvas.setFont(span.font, span.size)
                canvas.drawString(span.x, span.y, span.text)
            canvas.showPage()
        canvas.save()
        return file.getvalue()


def pages(sheet: Sheet) -> list[list[Span]]:
    """Return what stands where on each page."""
    words = wording(sheet.language)
    made: list[list[Span]] = [[]]
    y = PAGE_HEIGHT - MARGIN
    for line in _lines(sheet, words):
        y -= line.height
        if y < FOOT and made[-1]:
            made.append([])
            y = PAGE_HEIGHT - MARGIN - line.height
        made[-1] += [Span(span.x, y, span.text, span.font, span.size) for span in line.spans]
    for number, page in enumerate(made, 1):
        place = words.say("page", page=number, pages=len(made))
        page.append(Span(MARGIN, MARGIN, f"{sheet.number} · {place}", REGULAR, _SMALL))
    return made


def _lines(sheet: Sheet, words: Wording) -> list[_Line]:
    original = {"number": sheet.original_number, "date": words.day(sheet.original_day)}
    is_note = sheet.kind is PaperKind.CREDIT_NOTE
    lines = [
        _Line((Span(MARGIN, 0, words.say(sheet.kind), BOLD, _TITLE),), _TITLE * _LEADING),
        _gap(),
        *_field(words.say("number"), sheet.number, BOLD),
        *_field(words.say("issued_on"), words.day(sheet.issued_on)),
        *_field(words.say("original"), words.say("original_of", **original)),
        _gap(),
        *_party(words.say("seller"), sheet.seller, words),
        _gap(),
        *_party(words.say("customer"), sheet.customer, words),
        _gap(),
        *_sums(sheet, words),
        _gap(),
        *_sentence(words.say("cancels" if is_note else "replaces", **original)),
    ]
    return [*lines, *_sentence(words.say("paid"))] if sheet.is_paid and not is_note else lines


def _gap() -> _Line:
    return _Line(())


def _field(label: str, value: str, font: str = REGULAR) -> list[_Line]:
    """A label, and beside it its value on as many lines as it needs."""
    texts = wrapped(value, font, _BODY, _ROOM) or [_NONE]
    values = [Span(VALUES, 0, text, font) for text in texts]
    return [_Line((Span(MARGIN, 0, label), values[0])), *(_Line((span,)) for span in values[1:])]


def _party(label: str, party: Party, words: Wording) -> list[_Line]:
    vat_id = words.say("vat_id", vat_id=party.vat_id or _NONE)
    texts = [text for part in (party.address, vat_id) for text in wrapped(part, REGULAR, _BODY, _ROOM)]
    return [*_field(label, party.name, BOLD), *(_Line((Span(VALUES, 0, text),)) for text in texts)]


def _sums(sheet: Sheet, words: Wording) -> list[_Line]:
    sums = sheet.sums
    rows = (("net", sums.net_cents), ("vat", sums.vat_cents), ("total", sums.total_cents))
    lines = []
    for key, cents in rows:
        font = BOLD if key == "total" else REGULAR
        text = words.amount(cents, sums.currency)
        amount = Span(RIGHT - width(text, font, _BODY), 0, text, font)
        lines.append(_Line((Span(VALUES, 0, words.say(key), font), amount)))
    return lines


def _sentence(text: str) -> list[_Line]:
    return [_Line((Span(MARGIN, 0, line),)) for line in wrapped(text, REGULAR, _BODY, RIGHT - MARGIN)]
