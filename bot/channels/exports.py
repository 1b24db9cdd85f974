"""A person's export package, by a link that was handed to them: once, then never again.

Opening the link only shows a page, because mail scanners and previews open every link; its button, which
sends a form, fetches the package and uses the link up.
"""

from html import escape
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from bot.channels.ports import Services
from bot.channels.problems import Problem, documented
from bot.config import LANGUAGES
from bot.export_links import EXPORTS_PATH
from bot.messages import Messages
from bot.rights import Offer

GONE = "this link was used, has expired or never was; ask for your data again"

_PATH = EXPORTS_PATH + "/{token}"
_RESPONSES = documented((404, 405, 410, 422, 503))
_ZIP: dict[int | str, dict[str, Any]] = {
    200: {"description": "The package.", "content": {"application/zip": {}}}
}
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
}
_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow"><meta name="referrer" content="no-referrer">
<style>body{{font-family:sans-serif;max-width:36em;margin:3em auto;padding:0 1em;line-height:1.5}}
button{{font:inherit;padding:.6em 1.2em}}</style></head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
{rest}</main>
</body>
</html>
"""


def exports_router(app: Services) -> APIRouter:
    router, messages = APIRouter(), Messages()

    def gone(request: Request) -> Response:
        """A page for a person, who opened it in a browser; a problem document for a program."""
        if "text/html" not in request.headers.get("accept", ""):
            raise Problem(HTTPStatus.GONE, GONE, headers=_HEADERS)
        language = _wished(request.headers.get("accept-language", ""), app.settings.default_language)
        page = _gone_page(language, messages)
        return HTMLResponse(page, HTTPStatus.GONE, headers={**_HEADERS, "Content-Language": language})

    @router.head(_PATH, include_in_schema=False)
    @router.get(_PATH, response_class=HTMLResponse, responses=_RESPONSES, tags=["export"])
    async def show(token: str, request: Request) -> Response:
        """A page with the button that fetches the package. Looking at it leaves the link as it is."""
        offer = await app.rights.offer(token)
        if offer is None:
            return gone(request)
        page = _page(offer, messages, app.settings.company_time_zone)
        return HTMLResponse(page, headers={**_HEADERS, "Content-Language": offer.language})

    @router.post(_PATH, response_class=Response, responses={**_ZIP, **_RESPONSES}, tags=["export"])
    async def fetch(token: str, request: Request) -> Response:
        """Hand the package over. Whether a link once was does not show: every other one gets the same."""
        found = await app.rights.redeem(token)
        if found is None:
            return gone(request)
        headers = {**_HEADERS, "Content-Disposition": f'attachment; filename="{found.name}"'}
        return Response(found.content, media_type="application/zip", headers=headers)

    return router


def _wished(accepted: str, otherwise: str) -> str:
    """The first of the browser's languages that the product speaks; browsers name them in their order."""
    tags = (tag.strip()[:2].lower() for tag in accepted.split(","))
    return next((tag for tag in tags if tag in LANGUAGES), otherwise)


def _gone_page(language: str, messages: Messages) -> str:
    title, text = (escape(messages.say(language, key)) for key in ("export.title", "export.page.gone"))
    return _PAGE.format(language=language, title=title, text=text, rest="")


def _page(offer: Offer, messages: Messages, zone: str) -> str:
    def say(key: str, **values: str) -> str:
        return escape(messages.say(offer.language, key, **values))

    moment = messages.moment(offer.language, offer.expires_at, zone)
    return _PAGE.format(
        language=escape(offer.language),
        title=say("export.title"),
        text=say("export.page.text", reference=offer.reference, moment=moment),
        rest=f'<form method="post"><button type="submit">{say("export.page.button")}</button></form>\n',
    )
