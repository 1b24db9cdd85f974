"""Bytes of an HTML file -> its parsed body, without what surrounds a document on a page."""

import codecs
import re
from collections.abc import Callable, Iterator

from lxml import etree, html

from knowledge.errors import LoadError
from knowledge.loading.text import CONTROL, decode

_META = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.I)
_XML = re.compile(rb"^\s*<\?xml[^>]+encoding\s*=\s*[\"']([A-Za-z0-9_:.-]+)", re.I)
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# As browsers do: pages that say the one are written in the other.
_MEANT = {"iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254"}

_NEVER = (
    *("head", "title", "meta", "link", "base", "script", "style", "template", "noscript"),
    *("iframe", "object", "embed", "svg", "math", "canvas", "video", "audio", "map"),
    *("input", "button", "select", "textarea", "option", "datalist", "progress", "meter", "dialog"),
)
_AROUND = frozenset({"nav", "header", "footer", "aside", "menu"})
_ROLES = frozenset(
    {"navigation", "banner", "contentinfo", "search", "dialog", "alertdialog", "menu", "menubar"}
)
_NAMES = re.compile(
    r"\b(?:cookie-?(?:banner|consent|bar|popup|modal|overlay|dialog|law-info)|cookieconsent|onetrust|"
    r"cybotcookiebot\w*|gdpr-?(?:banner|popup|consent)|consent-?(?:banner|popup|modal)|breadcrumbs?|nav-?bar|"
    r"nav-?menu|site-?(?:nav|menu|header|footer)|main-?(?:nav|menu)|skip-?(?:link|to-content)|side-?bar|"
    r"social-?(?:share|links|icons)|share-?(?:buttons|links)|newsletter-?(?:form|signup|box)|"
    r"related-?(?:posts|articles)|back-?to-?top|mobile-?(?:nav|menu)|footer-?(?:nav|menu|links))\b",
    re.I,
)
_HEADINGS = ("h1", "h2")
_LEAST_KEPT = 0.1
_MOST_NAMED = 0.25
_SHORT = 600


def decode_page(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode by byte order mark, as UTF-8, as the page itself says, or by its letters, in this order."""
    if not data.startswith(_BOMS):
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            if (stated := _stated(data)) is not None:
                return stated
    return decode(data)


def _stated(data: bytes) -> tuple[str, tuple[str, ...]] | None:
    match = _XML.search(data[:4096]) or _META.search(data[:4096])
    if match is None:
        return None
    try:
        name = codecs.lookup(match.group(1).decode("ascii")).name
        if name.startswith("utf"):
            return None
        text = data.decode(_MEANT.get(name, name))
    except (LookupError, UnicodeDecodeError):
        return None
    return None if CONTROL.search(text) else (text, (f"read as {match.group(1).decode()}, as the page says",))


def parse(text: str) -> html.HtmlElement:
    """Parse a page, however badly it is made. Raises LoadError where there is nothing to parse."""
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:
        raise LoadError("The page holds no text. Put the document's text into it, or leave it out.") from None
    return root


def title_of(root: html.HtmlElement) -> str:
    return " ".join((root.findtext(".//title") or "").split())


def strip_page(root: html.HtmlElement) -> tuple[str, ...]:
    """Take scripts and the page's surroundings out of the tree; say so. Most of the text always stays."""
    _remove([element for element in root.iter(*_NEVER) if element is not root])
    body = root.find("body")
    if body is None:
        return ()
    words = 0
    for is_around in (_is_structure, _is_named):
        total = _length(body)
        around = _outermost(body, is_around, most=max(_SHORT, _MOST_NAMED * total))
        if total - sum(map(_length, around)) >= _LEAST_KEPT * total:
            words += sum(len(element.text_content().split()) for element in around)
            _remove(around)
    return (f"left out what surrounds the document on its page, {words} words",) if words else ()


def _outermost(
    body: html.HtmlElement, is_around: Callable[[html.HtmlElement, float], bool], *, most: float
) -> list[html.HtmlElement]:
    found: list[html.HtmlElement] = []
    for element in body.iterdescendants():
        if is_around(element, most) and not any(up in found for up in _up(element)):
            found.append(element)
    return found


def _is_structure(element: html.HtmlElement, _most: float) -> bool:
    """Whether an element is navigation, a banner or a footer, by its own word for itself.

    A heading of the document may stand in a page's header, and an article may have its own footer.
    """
    if element.get("role") in _ROLES or element.tag == "nav":
        return True
    if element.tag not in _AROUND:
        return False
    inside = any(up.tag in ("main", "article") for up in _up(element))
    return not inside and next(element.iter(*_HEADINGS), None) is None


def _is_named(element: html.HtmlElement, most: float) -> bool:
    """Whether its class or id says so. The names are a habit, so what is long or has a heading stays."""
    named = f"{element.get('class', '')} {element.get('id', '')}"
    return (
        element.tag in ("div", "section", "ul", "ol", "form", "p", "a")
        and _NAMES.search(named) is not None
        and next(element.iter("main", "article", *_HEADINGS), None) is None
        and _length(element) <= most
    )


def _up(element: html.HtmlElement) -> Iterator[html.HtmlElement]:
    return element.iterancestors()  # type: ignore[no-any-return]


def _length(element: html.HtmlElement) -> int:
    return sum(len(part.strip()) for part in element.itertext())


def _remove(elements: list[html.HtmlElement]) -> None:
    for element in elements:
        if element.getparent() is not None:
            element.drop_tree()
