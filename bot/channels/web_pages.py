"""The web chat's files and texts: the page, the widget, and what they say in each language."""

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request, Response

from bot.channels.web_models import LONGEST_TEXT
from bot.config import Settings
from bot.messages import Messages, product_language

FILES = {"/": "index.html", "/widget.js": "widget.js", "/page.css": "page.css"}
LANGUAGE_NAMES = {
    "en": "English",
    "sl": "Slovenščina",
    "lt": "Lietuvių",
    "et": "Eesti",
    "bg": "Български",
}
TEXTS = (
    "web.assistant",
    "web.open",
    "web.open_unread",
    "web.close",
    "web.menu",
    "web.language",
    "web.restart",
    "web.log",
    "web.earlier",
    "web.field",
    "web.send",
    "web.hint",
    "web.welcome",
    "web.examples",
    "web.example_refund",
    "web.example_data",
    "web.example_cancel",
    "web.answering",
    "web.reconnecting",
    "web.unsent",
    "web.refused",
    "web.you",
    "web.person",
    "web.ended",
    "web.anonymous",
)
_FOLDER = Path(__file__).parents[1] / "web"
_UNSERVED = re.compile(rb"^[ \t]+|^[ \t]*/\*.*?\*/\n", re.MULTILINE | re.DOTALL)
"""Of a script: indentation, and comments with lines of their own."""

_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}


def page_policy(origins: Iterable[str]) -> str:
    """The page's Content-Security-Policy; `origins` may show it in a frame."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            " ".join(("frame-ancestors 'self'", *origins)),
        )
    )


def pages_router(settings: Settings) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    policy = page_policy(settings.web_origins)

    async def file(request: Request) -> Response:
        name = FILES[request.url.path]
        content, tag = _read(name)
        headers = {
            "Cache-Control": "no-cache",
            "ETag": tag,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            # Any site may load the widget's script; which may talk to the service, WEB_ORIGINS says.
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Content-Security-Policy": policy,
        }
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=_TYPES[Path(name).suffix])

    for path in FILES:
        router.add_api_route(path, file, methods=["GET", "HEAD"])
    return router


def texts(messages: Messages, language: str | None, company: str) -> dict[str, object]:
    """Everything that the widget itself says, in the product's language nearest to `language`."""
    chosen = product_language(language)
    # The name stands in for {name} later, in the browser, where it is known.
    said = {key.removeprefix("web."): messages.say(chosen, key, name="{name}") for key in TEXTS}
    said["long"] = messages.say(chosen, "web.long", count=LONGEST_TEXT)
    said["notice"] = messages.say(chosen, "intro.ai", company=company)
    facts = {"language": chosen, "company": company, "languages": LANGUAGE_NAMES}
    return {**facts, "longest": LONGEST_TEXT, "texts": said}


@cache
def _read(name: str) -> tuple[bytes, str]:
    content = (_FOLDER / name).read_bytes()
    if name.endswith(".js"):
        content = _UNSERVED.sub(b"", content)
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'
