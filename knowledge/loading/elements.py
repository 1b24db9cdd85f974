"""Questions about single elements of a page."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

BLOCKS = frozenset(
    {
        *("html", "body", "main", "article", "section", "aside", "header", "footer", "nav", "hgroup", "div"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "p", "pre", "blockquote", "address", "center", "hr"),
        *("ul", "ol", "menu", "dir", "li", "dl", "dt", "dd", "figure", "figcaption", "details", "summary"),
        *("table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th", "form", "fieldset", "legend"),
    }
)
"""Elements that begin on a line of their own."""

OWN_NUMBER = re.compile(r"\(?(?:\d{1,3}(?:\.\d{1,3})*[.)]|\d{1,3}(?:\.\d{1,3})+|[a-zа-я]\)|§)\s")
_WHITE = re.compile(r"\s+")


def holders(root: "HtmlElement") -> set["HtmlElement"]:
    """All elements that hold a block, at any depth."""
    found: set[HtmlElement] = set()
    for element in root.iter(*BLOCKS):
        for up in element.iterancestors():
            if up in found:
                break
            found.add(up)
    return found


def groups(element: "HtmlElement") -> Iterator["HtmlElement"]:
    """The terms and definitions of a list, also where each pair stands in a div."""
    for child in element:
        if child.tag == "div" and next(child.iter("dt", "dd"), None) is not None:
            yield from groups(child)
        else:
            yield child


def squeeze(text: str | None) -> str:
    return _WHITE.sub(" ", text or "")


def style(element: "HtmlElement") -> str:
    style = _WHITE.sub("", element.get("style") or "").lower()
    return style.replace("font-weight:700", "font-weight:bold")


def address(target: str, shown: str) -> str:
    """Where a link leads, if the words of the link do not say it and it leads off the page."""
    target = target.strip()
    if target.lower().startswith(("mailto:", "tel:")):
        target = target.split(":", 1)[1].split("?")[0]
    elif not target.lower().startswith(("http://", "https://")):
        return ""
    bare = target.split("//", 1)[-1].rstrip("/")
    return "" if not shown.strip() or _bare(bare) in _bare(shown) else target


def _bare(address: str) -> str:
    return (
        re.sub(r"[\s()-]|^www\.", "", address.strip().lower())
        .removeprefix("https:")
        .removeprefix("http:")
        .strip("/")
    )


def whole(number: str | None, otherwise: int) -> int:
    return int(number) if number and re.fullmatch(r"-?\d{1,6}", number.strip()) else otherwise


def numbered(element: "HtmlElement") -> bool:
    return OWN_NUMBER.match(f"{element.text_content().strip()} ") is not None
