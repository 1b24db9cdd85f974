"""The HTTP side: Telegram's webhook, the signed API, its description, and how the service is."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from importlib.metadata import version

import structlog
import uvicorn
from fastapi import FastAPI

from bot.channels import problems, reference, webhook
from bot.channels.api import api_router
from bot.channels.api_push import Order, delivering
from bot.channels.api_reading import reading_router
from bot.channels.exports import exports_router
from bot.channels.guarding import Guard
from bot.channels.health import health_router
from bot.channels.limiting import Limits
from bot.channels.ports import Services
from bot.channels.signals import stop_on_signals
from bot.channels.telegram import Link, connected, register_webhook
from bot.channels.web import answering_web, web_app
from bot.channels.web_pages import pages_router
from bot.config import Settings
from bot.errors import BotError, ConfigurationError

GRACE_SECONDS = 10

log = structlog.get_logger(__name__)


def create_app(app: Services) -> FastAPI:
    """Build the web application. Raises ConfigurationError for a Telegram token without a webhook secret."""
    links: list[Link] = []
    limits, order, stopping = Limits(app.settings), Order(), asyncio.Event()
    guard = Guard(app, limits)

    @asynccontextmanager
    async def lifespan(_api: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as running:
            running.push_async_callback(limits.close)
            await running.enter_async_context(delivering(app, order))
            await running.enter_async_context(answering_web(app))
            if app.settings.telegram_bot_token is not None:
                links.append(await running.enter_async_context(connected(app)))
            try:
                yield
            finally:
                links.clear()

    # The framework's own pages would load scripts from elsewhere.
    api = FastAPI(
        title="Clausewise",
        version=version("clausewise"),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    api.state.stopping = stopping
    problems.install(api)
    if app.settings.telegram_bot_token is not None:
        api.include_router(webhook.webhook_router(webhook.webhook_secret(app.settings), lambda: links[0]))
    api.include_router(api_router(app, guard, limits, order))
    api.include_router(reading_router(app, guard, stopping))
    api.include_router(exports_router(app))
    api.include_router(health_router(app))
    reference.install(api)
    api.include_router(pages_router(app.settings))
    api.mount("/chat", web_app(app, limits, stopping))
    return api


async def serve(
    app: Services,
    *,
    stop: asyncio.Event | None = None,
    announce: Callable[[str], None] = lambda address: log.info("listening", address=address),
) -> None:
    """Serve until SIGINT, SIGTERM or `stop`; `announce` gets the address once it answers.

    Raises ConfigurationError when the address is taken, Telegram refuses the webhook, or a secret is missing.
    """
    settings = app.settings
    api = create_app(app)
    with stop_on_signals(stop) as stopped, _listening(settings) as listening:
        if settings.telegram_bot_token is not None and settings.public_url:
            await register_webhook(settings, settings.public_url.rstrip("/") + webhook.PATH)
        server = _Server(
            uvicorn.Config(
                api,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="on",
                ws="none",
                proxy_headers=False,  # bot.channels.limiting reads them, from TRUSTED_PROXIES alone
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        host, port = listening.getsockname()[:2]
        server.on_started = lambda: announce(
            f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        )
        stopping = asyncio.create_task(_stop(server, stopped, api.state.stopping))
        try:
            await server.serve(sockets=[listening])
        finally:
            stopping.cancel()
            await asyncio.gather(stopping, return_exceptions=True)
        if not server.started and not stopped.is_set():
            raise BotError("the service could not start; the log says why")


class _Server(uvicorn.Server):
    """uvicorn, but signals are ours: its own handling raises them again after the shutdown."""

    on_started: Callable[[], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self.on_started is not None:
            self.on_started()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _stop(server: uvicorn.Server, stopped: asyncio.Event, waits: asyncio.Event) -> None:
    """End the server, and first the requests that only wait for something to happen."""
    await stopped.wait()
    waits.set()
    server.should_exit = True


def _listening(settings: Settings) -> socket.socket:
    """A bound socket. It is bound here because uvicorn would end the process when it cannot be."""
    listening: socket.socket | None = None
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.setblocking(False)
    except OSError as error:
        if listening is not None:
            listening.close()
        raise ConfigurationError(
            f"cannot listen on HOST {settings.host}, PORT {settings.port}: {error.strerror or error}; "
            "set another"
        ) from error
    return listening
