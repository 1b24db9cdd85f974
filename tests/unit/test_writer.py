"""Who writes next."""

import asyncio

from bot.writer import Writer


async def test_the_urgent_overtake_and_equals_keep_their_order() -> None:
    writer, order = Writer(), []

    async def write(name: str, *, urgent: bool = False) -> None:
        async with writer.held(urgent=urgent):
            order.append(name)
            await asyncio.sleep(0)

    async with writer.held():
        waiting = [asyncio.create_task(write(name)) for name in ("first", "second")]
        await asyncio.sleep(0)
        waiting += [asyncio.create_task(write(name, urgent=True)) for name in ("urgent", "urgent too")]
        await asyncio.sleep(0)
        assert order == []
    await asyncio.gather(*waiting)
    assert order == ["urgent", "urgent too", "first", "second"]


async def test_who_gave_up_waiting_holds_nobody_up() -> None:
    writer, order = Writer(), []

    async def write(name: str) -> None:
        async with writer.held():
            order.append(name)

    async with writer.held():
        gone, stays = (asyncio.create_task(write(name)) for name in ("gone", "stays"))
        await asyncio.sleep(0)
        gone.cancel()
    await stays
    assert order == ["stays"]


async def test_who_gives_up_at_the_moment_of_the_grant_passes_it_on() -> None:
    writer, order = Writer(), []

    async def write(name: str) -> None:
        async with writer.held():
            order.append(name)

    async with writer.held():
        gone, stays = (asyncio.create_task(write(name)) for name in ("gone", "stays"))
        await asyncio.sleep(0)
    gone.cancel()  # it was granted, and did not run since
    await asyncio.wait_for(stays, 30)
    assert order == ["stays"]
    assert gone.cancelled()


async def test_an_error_releases_it() -> None:
    writer = Writer()
    for _ in range(2):
        try:
            async with writer.held():
                raise ValueError
        except ValueError:
            continue
    async with asyncio.timeout(30), writer.held():
        pass
