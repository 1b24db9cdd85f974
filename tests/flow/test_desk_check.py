"""`clausewise doctor` and `clausewise desk`: what of the agents' group is in order, and what to do."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.config import Settings
from bot.desk_check import desk_state, groups
from tests.bot_api import TOKEN, FakeBotApi, Fault
from tests.desk import ANA, DESK, MAPPED, STAFF, furnish
from tests.make import settings


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as running:
        furnish(running)
        yield running


def chosen(folder: Path, api: FakeBotApi, **values: Any) -> Settings:
    usual = {"staff": STAFF, "telegram_staff": MAPPED, "desk_chat_id": DESK, **values}
    return settings(folder, **{"telegram_bot_token": SecretStr(TOKEN), "telegram_api_url": api.url, **usual})


@pytest.mark.parametrize(
    ("values", "status", "remedy"),
    [
        ({}, "ok", ""),
        ({"desk_chat_id": None}, "missing", "DESK_CHAT_ID"),
        ({"telegram_staff": ()}, "fault", "TELEGRAM_STAFF"),
        ({"telegram_bot_token": None}, "fault", "TELEGRAM_BOT_TOKEN"),
        ({"desk_chat_id": -1009}, "fault", "/id"),
    ],
)
async def test_what_the_settings_lack(
    tmp_path: Path, api: FakeBotApi, values: dict[str, Any], status: str, remedy: str
) -> None:
    state = await desk_state(chosen(tmp_path, api, **values))
    assert (state.status, remedy in state.remedy) == (status, True)


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"forum": False}, "turn on Topics"),
        ({"bot_status": "member"}, "make it one"),
        ({"rights": frozenset({"can_pin_messages", "can_delete_messages"})}, '"Manage topics"'),
        ({"rights": frozenset({"can_manage_topics"})}, '"Pin messages", "Delete messages"'),
    ],
)
async def test_what_the_group_lacks(
    tmp_path: Path, api: FakeBotApi, change: dict[str, Any], remedy: str
) -> None:
    for name, value in change.items():
        setattr(api.chats[DESK], name, value)
    state = await desk_state(chosen(tmp_path, api))
    assert state.status == "fault"
    assert remedy in state.remedy


async def test_a_telegram_that_does_not_answer(tmp_path: Path, api: FakeBotApi) -> None:
    api.fail("getChat", Fault(502))
    state = await desk_state(chosen(tmp_path, api))
    assert (state.status, state.remedy) == ("fault", "try again later")


async def test_the_groups_that_could_be_it(tmp_path: Path, api: FakeBotApi) -> None:
    await api.user_says(DESK, "/id", by=ANA)
    await api.user_says(ANA, "private")
    for _ in range(2):  # asking takes nothing away
        (found,) = await groups(chosen(tmp_path, api, desk_chat_id=None))
        assert (found.chat_id, found.title, found.has_topics) == (DESK, "Desk", True)
