"""Whether the service lives and is ready, and what it counts."""

from http import HTTPStatus
from ipaddress import ip_address
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from bot.channels.ports import Services
from bot.channels.problems import Problem, documented, unavailable
from bot.channels.signing import same_secret

FORWARDED = ("forwarded", "x-forwarded-for", "via")


class Alive(BaseModel):
    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    status: Literal["ready"] = "ready"


def health_router(app: Services) -> APIRouter:
    router = APIRouter(tags=["operation"])

    @router.head("/healthz", include_in_schema=False)
    @router.get("/healthz", summary="Whether the process lives", responses=documented((404, 405)))
    async def healthz() -> Alive:
        """The process lives."""
        return Alive()

    @router.head("/readyz", include_in_schema=False)
    @router.get("/readyz", summary="Whether it can answer", responses=documented((404, 405, 503)))
    async def readyz() -> Ready:
        """The database answers, the index finds what it must, and the work in the background goes on."""
        faults = await app.health.faults()
        if faults:
            raise unavailable("; ".join(f"{part}: {fault}" for part, fault in sorted(faults.items())))
        return Ready()

    @router.get(
        "/metrics",
        summary="What is counted, for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}}, **documented((401, 404, 405, 503))},
    )
    async def metrics(request: Request) -> Response:
        """Prometheus's text format. Without METRICS_TOKEN it is there on a HOST of this machine alone."""
        from bot.metrics import CONTENT_TYPE

        _admit(app, request)
        try:
            content = await app.metrics.exposition(app.database, app.clock)
        except Exception as error:
            raise unavailable("the database does not answer") from error
        return Response(content, headers={"Content-Type": CONTENT_TYPE})

    return router


def _admit(app: Services, request: Request) -> None:
    """Raises Problem 401 for whoever may not read the metrics."""
    token = app.settings.metrics_token
    challenge = {"WWW-Authenticate": "Bearer"}
    if token is not None:
        given = request.headers.get("authorization", "").encode(errors="surrogateescape")
        if not same_secret(given, f"Bearer {token.get_secret_value()}".encode()):
            raise Problem(HTTPStatus.UNAUTHORIZED, "send METRICS_TOKEN as a bearer token", headers=challenge)
    elif not _is_local(app.settings.host) or any(name in request.headers for name in FORWARDED):
        detail = "set METRICS_TOKEN, and send it as a bearer token: HOST can be reached from elsewhere"
        raise Problem(HTTPStatus.UNAUTHORIZED, detail, headers=challenge)


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
