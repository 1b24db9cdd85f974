"""One replica as a process of its own: `python -m tests.faults.replica ADDRESS FILE`.

It takes `CHAT NUMBER` a line, stores the message and says so on stdout, answers it, and "sends" the reply by
appending `CHAT NUMBER` to FILE.
"""

import asyncio
import os
import random
import sys

from bot.channels.answering import Answering
from bot.clock import SystemClock
from bot.database import Database
from bot.delivery import Delivery
from bot.leases import Leases
from bot.model import ConversationState, Incoming, Reply, Sender, TurnResult
from bot.transcript import Received, Transcript
from tests.fake_turn import plain

CHANNEL = "replicated"
LEASE = 4.0


class SlowTurn:
    """Repeats what was said, after a while."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript

    async def receive(self, incoming: Incoming) -> str | None:
        return await self._transcript.receive(incoming)

    async def answer(self, message_id: str, *, received: Received | None = None) -> TurnResult:
        received = received or await self._transcript.load(message_id)
        await asyncio.sleep(random.uniform(0.0, 0.02))
        await self._transcript.commit(received, [plain(received.message.text)], [])
        return TurnResult(received.conversation.id, (), ConversationState.OPEN)

    async def give_up(self, message_id: str) -> None:
        raise AssertionError(f"{message_id} was given up")

    async def __call__(self, incoming: Incoming) -> TurnResult:
        raise NotImplementedError


class File:
    """A channel; a line is appended whole or not at all."""

    name = CHANNEL

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def send(self, chat_id: str, reply: Reply) -> None:
        os.write(self._file, f"{chat_id} {reply.text}\n".encode())


async def serve(address: str, path: str) -> None:
    database = Database(address)
    clock = SystemClock()
    transcript = Transcript(database, clock)
    turn = SlowTurn(transcript)
    delivery = Delivery(transcript, File(path), clock, leases=Leases(database, seconds=LEASE))
    answering = Answering(turn, transcript, Leases(database, seconds=LEASE))
    await answering.serve(CHANNEL, delivery.wake)
    working = [asyncio.create_task(work) for work in (answering.run(), delivery.run())]
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := (await lines.readline()).decode().strip():
        chat, number = line.split()
        incoming = Incoming(CHANNEL, chat, f"{chat}:{number}", Sender(chat), text=number)
        message_id = await turn.receive(incoming)
        if message_id is not None:
            answering.submit(chat, message_id)
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    await answering.drain()
    delivery.stop()
    await working[1]
    working[0].cancel()
    await database.close()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
