"""Somebody else's site that embeds the chat: another origin, under the strictest policy that can be."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

import jwt

SITE_SECRET = "0123456789abcdef" * 4
OWNER = "olivia.owner@example.com"


STYLE = """
body { margin: 0; font: 17px/1.6 system-ui, sans-serif; color: #2a2f36; background: #faf8f4; }
h1 { margin: 0; padding: 72px 64px 0; font-size: 44px; line-height: 1.15; max-width: 11em; }
p { margin: 20px 64px; max-width: 32em; }
@media (max-width: 560px) { h1, p { padding-left: 0; margin: 24px; } }
"""


class Site:
    """Serves one page, which is put together for each test."""

    def __init__(self) -> None:
        self.body = ""
        self.policy = ""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, content = ("html", site.body) if self.path == "/" else ("css", STYLE)
                body = content.encode()
                self.send_response(200)
                self.send_header("Content-Type", f"text/{kind}; charset=utf-8")
                self.send_header("Content-Security-Policy", site.policy)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Nothing: the tests' output is theirs."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"

    def embeds(self, service: str, attributes: str = "") -> str:
        """Embed the widget of `service`; return the page's address."""
        self.policy = (
            f"default-src 'none'; script-src {service}; connect-src {service}; "
            "style-src 'self'; img-src data:; base-uri 'none'; require-trusted-types-for 'script'"
        )
        self.body = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shop</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<link rel="icon" href="data:,"><link rel="stylesheet" href="site.css"></head>'
            "<body><h1>A site that embeds the chat</h1><p>Its own page, with a policy of its own. "
            '<a href="#more">More</a></p>'
            f'<script src="{service}/widget.js" {attributes}></script></body></html>'
        )
        return self.origin + "/"

    def __enter__(self) -> "Site":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def signed_in(now: float, **changed: object) -> str:
    """The site's token for the owner of a demo account."""
    claims = {"iat": int(now), "exp": int(now) + 300, "aud": "clausewise", "email": OWNER, **changed}
    return jwt.encode(claims, SITE_SECRET)
