"""Files that customers sent, as Telegram gives them out."""

from typing import TYPE_CHECKING

from bot.attachments import NotFetchedError

if TYPE_CHECKING:
    from aiogram import Bot

SECONDS = 60
CHUNK = 64 * 1024


async def fetch(bot: "Bot", file_id: str, limit: int) -> bytes:
    """Read a file to its end, or until it has more than `limit` bytes. Raises NotFetchedError."""
    from aiogram.exceptions import AiogramError
    from aiohttp import ClientError

    content = bytearray()
    try:
        file = await bot.get_file(file_id)
        if (file.file_size or 0) > limit:
            raise NotFetchedError("the file is too big", too_big=True)
        if not file.file_path:
            raise NotFetchedError("Telegram names no path")
        address = bot.session.api.file_url(bot.token, file.file_path)
        async for chunk in bot.session.stream_content(address, timeout=SECONDS, chunk_size=CHUNK):
            content += chunk
            if len(content) > limit:
                raise NotFetchedError("the file is too big", too_big=True)
    except AiogramError as error:
        said = str(getattr(error, "message", type(error).__name__))
        raise NotFetchedError(said, too_big="too big" in said.lower()) from error
    except (TimeoutError, ClientError, OSError) as error:
        # never its words: the address holds the token
        raise NotFetchedError(type(error).__name__) from error
    return bytes(content)
