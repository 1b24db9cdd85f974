"""A person's export package, by the link that was mailed to them: once, then never again."""

from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import Response

from bot.channels.ports import Services
from bot.channels.problems import Problem
from bot.rights_mail import EXPORTS_PATH

GONE = "this link was used, has expired or never was; ask for your data again"


def exports_router(app: Services) -> APIRouter:
    router = APIRouter()

    @router.get(EXPORTS_PATH + "/{token}", response_class=Response)
    async def export(token: str) -> Response:
        """Hand the package over. Whether a link once was does not show: every other one gets the same."""
        found = await app.rights.redeem(token)
        if found is None:
            raise Problem(HTTPStatus.GONE, GONE)
        headers = {
            "Content-Disposition": f'attachment; filename="{found.name}"',
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
        }
        return Response(found.content, media_type="application/zip", headers=headers)

    return router
