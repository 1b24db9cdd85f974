"""The table of methods; a module of methods enters its own when it is loaded."""

from collections.abc import Awaitable, Callable

from tests.bot_api.model import Call
from tests.bot_api.world import World

Handler = Callable[[World, Call], object | Awaitable[object]]
METHODS: dict[str, Handler] = {}


def method(name: str) -> Callable[[Handler], Handler]:
    def enter(handler: Handler) -> Handler:
        METHODS[name.lower()] = handler
        return handler

    return enter
