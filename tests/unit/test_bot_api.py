"""The fake Bot API keeps to what Telegram documents, seen through aiogram and plain HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNotFound,
)
from aiogram.methods import GetMe
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    MessageEntity,
    ReplyParameters,
    Update,
)

from tests.bot_api import ANONYMOUS, TOKEN, FakeBotApi
from tests.bot_api.media import KINDS

ROOT = Path(__file__).parents[2]
ANA, BOR, GROUP, PLAIN = 7001, 7002, -1001, -1002


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as running:
        running.group(GROUP, forum=True)
        running.group(PLAIN, admin=False)
        yield running


@pytest.fixture
async def bot(api: FakeBotApi) -> AsyncIterator[Bot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(api.url))
    async with Bot(TOKEN, session=session) as made:
        yield made


def keyboard(label: str, data: str) -> InlineKeyboardMarkup:
    button = InlineKeyboardButton(text=label, callback_data=data)
    return InlineKeyboardMarkup(inline_keyboard=[[button]])


@pytest.mark.parametrize("length", [4096, 4097])
async def test_the_longest_text_counts_utf16_units(api: FakeBotApi, bot: Bot, length: int) -> None:
    text = "😀" * 2048 + "a" * (length - 4096)
    if length > 4096:
        with pytest.raises(TelegramBadRequest, match="message is too long"):
            await bot.send_message(ANA, text)
    else:
        await bot.send_message(ANA, text)
    assert len(api.sent(ANA)) == (length == 4096)


@pytest.mark.parametrize(
    ("text", "start", "length", "said"),
    [
        ("a😀b", 1, 2, None),
        ("a😀b", 1, 1, "ends in a middle of a UTF-16 symbol"),
        ("a😀b", 2, 2, "begins in a middle of a UTF-16 symbol"),
        ("abc", 1, 3, "ends after the end of the text"),
        (" ", 0, 1, "message text is empty"),
    ],
)
async def test_entities_lie_on_characters(bot: Bot, text: str, start: int, length: int, said: str) -> None:
    entities = [MessageEntity(type="bold", offset=start, length=length)]
    if said is None:
        await bot.send_message(ANA, text, entities=entities)
    else:
        with pytest.raises(TelegramBadRequest, match=said):
            await bot.send_message(ANA, text, entities=entities)


async def test_html_is_parsed_or_refused(api: FakeBotApi, bot: Bot) -> None:
    await bot.send_message(ANA, "<b>a &amp; b</b>", parse_mode="HTML")
    assert (api.sent(ANA)[0].text, api.sent(ANA)[0].marked("bold")) == ("a & b", ["a & b"])
    for broken in ("<b>a", "a</b>", "<h1>a</h1>"):
        with pytest.raises(TelegramBadRequest, match="can't parse entities"):
            await bot.send_message(ANA, broken, parse_mode="HTML")


async def test_buttons_are_pressed_edited_and_removed(api: FakeBotApi, bot: Bot) -> None:
    with pytest.raises(TelegramBadRequest, match="BUTTON_DATA_INVALID"):
        await bot.send_message(ANA, "x", reply_markup=keyboard("Yes", "d" * 65))
    sent = await bot.send_message(ANA, "sure?", reply_markup=keyboard("Yes", "d" * 64))
    press = Update.model_validate(await api.user_presses(ANA, "Yes", by=BOR)).callback_query
    assert press is not None
    assert (press.from_user.id, press.data) == (BOR, "d" * 64)
    await bot.answer_callback_query(press.id, text="not yours", show_alert=True)
    assert (api.answers[0].text, api.answers[0].alert) == ("not yours", True)
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_text(
            "sure?", chat_id=ANA, message_id=sent.message_id, reply_markup=keyboard("Yes", "d" * 64)
        )
    await bot.edit_message_text("done", chat_id=ANA, message_id=sent.message_id)
    (shown,) = api.sent(ANA)
    assert (shown.text, shown.buttons, shown.edits) == ("done", [], 1)
    with pytest.raises(AssertionError, match="no button"):
        await api.user_presses(ANA, "Yes")
    await bot.delete_message(ANA, sent.message_id)
    assert api.sent(ANA) == []


async def test_an_old_press_cannot_be_answered(api: FakeBotApi, bot: Bot) -> None:
    await bot.send_message(ANA, "sure?", reply_markup=keyboard("Yes", "y"))
    press = Update.model_validate(await api.user_presses(ANA, "Yes", inaccessible=True)).callback_query
    assert press is not None
    assert press.message is not None
    assert press.message.date == 0
    api.expire_queries()
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await bot.answer_callback_query(press.id)


async def test_topics(api: FakeBotApi, bot: Bot) -> None:
    thread = (await bot.create_forum_topic(GROUP, "Ana")).message_thread_id
    await bot.send_message(GROUP, "card", message_thread_id=thread)
    assert [message.text for message in api.sent(GROUP, thread)] == ["card"]
    written = Update.model_validate(await api.user_says(GROUP, "hi", by=BOR, thread=thread)).message
    assert written is not None
    assert (written.is_topic_message, written.message_thread_id) == (True, thread)
    assert written.reply_to_message is not None
    assert written.reply_to_message.forum_topic_created is not None
    reply = ReplyParameters(message_id=written.message_id)
    assert (await bot.send_message(GROUP, "yes", reply_parameters=reply)).message_thread_id == thread
    await bot.close_forum_topic(GROUP, thread)
    with pytest.raises(TelegramBadRequest, match="TOPIC_NOT_MODIFIED"):
        await bot.close_forum_topic(GROUP, thread)
    await bot.reopen_forum_topic(GROUP, thread)
    api.staff_deletes_topic(GROUP, thread)
    with pytest.raises(TelegramBadRequest, match="message thread not found"):
        await bot.send_message(GROUP, "gone", message_thread_id=thread)
    with pytest.raises(TelegramBadRequest, match="message thread not found"):
        await bot.send_message(GROUP, "the general topic has no number", message_thread_id=1)
    with pytest.raises(TelegramBadRequest, match="not a forum"):
        await bot.create_forum_topic(PLAIN, "no")
    await api.group_changes_bot(GROUP, "member")
    with pytest.raises(TelegramBadRequest, match="not enough rights to create a topic"):
        await bot.create_forum_topic(GROUP, "no")


async def test_senders_that_are_no_user(api: FakeBotApi) -> None:
    anonymous = Update.model_validate(await api.user_says(GROUP, "x", by=ANONYMOUS)).message
    channel = Update.model_validate(await api.user_says(GROUP, "x", as_channel=-1009)).message
    assert anonymous is not None
    assert channel is not None
    assert (anonymous.from_user and anonymous.from_user.id) == ANONYMOUS
    assert (anonymous.sender_chat and anonymous.sender_chat.id) == GROUP
    assert (channel.sender_chat and channel.sender_chat.type) == "channel"


@pytest.mark.parametrize("kind", KINDS)
async def test_everything_a_user_sends_is_read_by_aiogram(api: FakeBotApi, kind: str) -> None:
    message = Update.model_validate(await api.user_sends(ANA, kind)).message
    assert message is not None
    assert message.content_type == kind


async def test_files_in_and_out(api: FakeBotApi, bot: Bot) -> None:
    update = Update.model_validate(await api.user_sends(ANA, "document", b"bill"))
    assert update.message is not None
    assert update.message.document is not None
    read = await bot.download(update.message.document)
    assert read is not None
    assert read.read() == b"bill"
    big = Update.model_validate(await api.user_sends(ANA, "document", size=20_000_001)).message
    assert big is not None
    assert big.document is not None
    with pytest.raises(TelegramBadRequest, match="file is too big"):
        await bot.get_file(big.document.file_id)
    await bot.send_document(ANA, BufferedInputFile(b"%PDF", "invoice.pdf"), caption="c" * 1024)
    (sent,) = api.sent(ANA)
    assert (sent.document, sent.file_name) == (b"%PDF", "invoice.pdf")
    with pytest.raises(TelegramBadRequest, match="caption is too long"):
        await bot.send_document(ANA, BufferedInputFile(b"%PDF", "i.pdf"), caption="c" * 1025)
    api.upload_limit = 3
    with pytest.raises(TelegramEntityTooLarge):
        await bot.send_document(ANA, BufferedInputFile(b"%PDF", "i.pdf"))


async def test_whom_the_bot_cannot_reach(api: FakeBotApi, bot: Bot) -> None:
    await api.user_blocks(ANA)
    with pytest.raises(TelegramForbiddenError, match="blocked by the user"):
        await bot.send_message(ANA, "x")
    await api.user_unblocks(ANA)
    await bot.send_message(ANA, "x")
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.send_message(-5, "x")
    api.group(-6, basic=True)
    await api.migrate(-6, -1006)
    with pytest.raises(TelegramMigrateToChat) as moved:
        await bot.send_message(-6, "x")
    assert moved.value.migrate_to_chat_id == -1006


async def test_what_else_a_bot_does(api: FakeBotApi, bot: Bot) -> None:
    await bot.send_chat_action(ANA, "typing")
    await bot.send_message_draft(ANA, 1, text="so f")
    sent = await bot.send_message(ANA, "so far")
    await bot.pin_chat_message(ANA, sent.message_id)
    await bot.copy_message(BOR, ANA, sent.message_id)
    await bot.set_my_commands([BotCommand(command="start", description="pradėti")], language_code="lt")
    assert [c.description for c in await bot.get_my_commands(language_code="lt")] == ["pradėti"]
    assert await bot.get_my_commands() == []
    api.chats[GROUP].members[BOR] = "administrator"
    api.user(BOR)
    assert (await bot.get_chat_member(GROUP, BOR)).status == "administrator"
    assert (await bot.get_chat(GROUP)).is_forum
    assert (api.chats[ANA].actions, api.chats[ANA].drafts) == ([("typing", None)], [(1, "so f")])
    assert (api.chats[ANA].pinned, api.sent(BOR)[0].text) == ([sent.message_id], "so far")
    with pytest.raises(TelegramNotFound):
        await bot(_Unknown())


class _Unknown(GetMe):
    __api_method__ = "beamMeUp"
