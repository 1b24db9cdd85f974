"""The API's own description: /openapi.json, and /docs to read it, which loads nothing from elsewhere."""

import base64
import hashlib
import re
from importlib.resources import files
from typing import Any

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from bot.channels.problems import ProblemDocument
from bot.channels.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER
from bot.channels.web import OPEN_PATHS

DOCS_PATH = "/docs"
ASSETS_PATH = "/docs/assets"

DESCRIPTION = f"""Messages of customers in, replies out. Each request is signed: `{SIGNATURE_HEADER}` is `v1=`
and the HMAC-SHA256, in hexadecimal digits, of timestamp, full stop, path with query, full stop, and body,
under one of API_SECRETS; `{TIMESTAMP_HEADER}` is that timestamp, in seconds since 1970, at most 300 seconds
off. A signed request is taken once. Errors are problem documents (RFC 9457)."""

_SCHEMES = {
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": SIGNATURE_HEADER,
        "description": "v1= and the HMAC-SHA256 over timestamp, path with query, and body",
    },
    "timestamp": {
        "type": "apiKey",
        "in": "header",
        "name": TIMESTAMP_HEADER,
        "description": "Now, in whole seconds since 1970",
    },
    "site": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "Your site's token for the person who is signed in there",
    },
    "session": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of a session of the web chat, from POST /chat/sessions",
    },
    "metrics": {"type": "http", "scheme": "bearer", "description": "METRICS_TOKEN"},
}
_ARE_SIGNED = {"messages", "identity"}
"""Tags of the routes that take nothing without a signature."""

_SIGNED: list[dict[str, list[str]]] = [{"signature": [], "timestamp": []}]
_WITH_SITE: dict[str, list[str]] = {"signature": [], "timestamp": [], "site": []}


def install(api: FastAPI) -> None:
    """Publish the description. Call it after all routes are there."""

    def openapi() -> dict[str, Any]:
        if not api.openapi_schema:
            api.openapi_schema = _schema(api)
        return api.openapi_schema

    api.openapi = openapi  # type: ignore[method-assign]
    assets = files(fastapi_offline) / "static"
    api.mount(ASSETS_PATH, StaticFiles(directory=str(assets)), name="docs-assets")
    page = get_swagger_ui_html(
        openapi_url=api.openapi_url or "",
        title=api.title,
        swagger_js_url=f"{ASSETS_PATH}/swagger-ui-bundle.js",
        swagger_css_url=f"{ASSETS_PATH}/swagger-ui.css",
        swagger_favicon_url=f"{ASSETS_PATH}/favicon.png",
    )
    headers = {"Content-Security-Policy": _policy(page.body), "X-Content-Type-Options": "nosniff"}

    @api.get(DOCS_PATH, include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(page.body, headers=headers)


def _schema(api: FastAPI) -> dict[str, Any]:
    schema = get_openapi(
        title=api.title,
        version=api.version,
        description=DESCRIPTION,
        routes=api.routes,
        tags=api.openapi_tags,
    )
    parts = schema.setdefault("components", {})
    _add_chat(api, schema)
    parts.setdefault("schemas", {})["Problem"] = ProblemDocument.model_json_schema()
    parts["securitySchemes"] = _SCHEMES
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            if _ARE_SIGNED.intersection(operation.get("tags", ())):
                sites = [_WITH_SITE] if path == "/api/v1/messages" else []
                operation["security"] = [*_SIGNED, *sites]
            elif path == "/metrics":
                operation["security"] = [{}, {"metrics": []}]
    return schema


def _add_chat(api: FastAPI, schema: dict[str, Any]) -> None:
    """The web chat is an application of its own below a path, because of its CORS."""
    for mount in api.routes:
        if not (isinstance(mount, Mount) and isinstance(mount.app, FastAPI)):
            continue
        found = get_openapi(title=api.title, version=api.version, routes=mount.app.routes)
        schema["components"].setdefault("schemas", {}).update(found["components"]["schemas"])
        for path, methods in found["paths"].items():
            schema["paths"][mount.path + path] = methods
            for operation in methods.values():
                operation["tags"] = ["web chat"]
                if path not in OPEN_PATHS:
                    operation["security"] = [{"session": []}]


def _policy(page: bytes | memoryview) -> str:
    """Only what is served here, and the one script that stands in the page itself."""
    inline = re.findall(rb"<script>(.*?)</script>", bytes(page), re.DOTALL)
    hashes = (base64.b64encode(hashlib.sha256(script).digest()).decode() for script in inline)
    scripts = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
