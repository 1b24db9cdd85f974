"""Who is who in the desk's group."""

import pytest

from bot.app import App
from bot.desk.agents import Agents
from bot.desk.heard import Heard
from tests.make import settings

STAFF = ("Ana", "bor@one.example", "eva@one.example", "eva@two.example", "cene")
MAPPED = ((1, "Ana"), (2, "bor@one.example"), (3, "cene"))


@pytest.fixture
async def agents(app: App) -> Agents:
    made = Agents(app.database, settings(app.settings.data_dir, staff=STAFF, telegram_staff=MAPPED))
    for user, username in ((1, "cene"), (2, "old"), (2, "bor_x"), (3, "")):
        await made.remember(Heard("text", 5, None, user, username=username))
    return made


@pytest.mark.parametrize(
    ("written", "mentioned", "staff"),
    [
        ("ANA", None, "Ana"),
        ("@Bor_X", None, "bor@one.example"),
        ("bor", None, "bor@one.example"),
        ("@cene", None, "Ana"),  # written with an @, a user name comes first
        ("cene", None, "cene"),
        ("eva@two.example", None, "eva@two.example"),
        ("eva", None, None),  # two of them
        ("@old", None, None),
        ("@", None, None),
        ("", None, None),
        ("anything", 3, "cene"),
        ("Ana", 9, None),
    ],
)
async def test_a_colleague_is_named(
    agents: Agents, written: str, mentioned: int | None, staff: str | None
) -> None:
    assert await agents.named(written, mentioned) == staff


@pytest.mark.parametrize(
    ("heard", "staff", "said"),
    [
        (Heard("text", 5, None, 1), "Ana", ""),
        (Heard("text", 5, None, 4), None, "id, for an administrator to add: 4"),
        (Heard("text", 5, None, 1, sender="anonymous"), None, "Remain anonymous"),
        (Heard("text", 5, None, 1, sender="channel"), None, "channel"),
    ],
)
async def test_only_named_accounts_count(agents: Agents, heard: Heard, staff: str | None, said: str) -> None:
    assert agents.of(heard) == staff
    assert said in agents.refusal(heard)
