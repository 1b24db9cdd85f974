"""Customers who write to the fake Telegram at a rate, and what they wrote."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import time

from tests.bot_api import FakeBotApi
from tests.bot_api.model import Json
from tests.load.ledger import Written
from tests.load.words import LANGUAGES, words

FIRST = 10_000
AT_ONCE = 20
EACH = 6


@dataclass
class Crowd:
    """`written` is in the order in which it was offered; `first` is the first customer's number."""

    api: FakeBotApi
    seed: int = 0
    first: int = FIRST
    written: list[Written] = field(default_factory=list)

    def composed(self, chat: int, text: str) -> Json:
        """A message that stands in the chat and was not offered yet."""
        user = self.api.user(chat, language=LANGUAGES[chat % len(LANGUAGES)])
        place = self.api.private(chat)
        data = self.api.message(place, {"from": user, "text": text})
        self.api.keep(place, data, outgoing=False)
        return {"message": data}

    def offer(self, content: Json) -> None:
        message = content["message"]
        chat = str(message["chat"]["id"])
        self.written.append(Written(chat, f"{chat}:{message['message_id']}", message["text"], time()))
        self.api.happens(content)

    async def talk(self, rate: float) -> None:
        """AT_ONCE customers at a time take turns; each writes EACH messages, then another comes. Until
        cancelled."""
        begun = self.api.clock()
        for number, (chat, text) in enumerate(self._lines()):
            if (wait := begun + number / rate - self.api.clock()) > 0:
                await asyncio.sleep(wait)
            self.offer(self.composed(chat, text))

    def _lines(self) -> Iterator[tuple[int, str]]:
        first = self.first
        while True:
            speakers = {chat: words(chat, self.seed) for chat in range(first, first + AT_ONCE)}
            for _ in range(EACH):
                yield from ((chat, next(said)) for chat, said in speakers.items())
            first += AT_ONCE

    async def burst(self, count: int, chats: int, *, duplicates: float, rate: float, shuffle: bool) -> None:
        """`count` messages over `chats`, a share of them twice under another number; rate 0 is at once."""
        chance = random.Random(self.seed)
        speakers = {chat: words(chat, self.seed) for chat in range(self.first, self.first + chats)}
        order = [self.first + number % chats for number in range(count)]
        once = [self.composed(chat, next(speakers[chat])) for chat in order]
        twice = set(chance.sample(range(count), round(duplicates * count)))
        contents = [once[number] for number in range(count) for _ in range(1 + (number in twice))]
        if shuffle:
            chance.shuffle(contents)
        begun = self.api.clock()
        for number, content in enumerate(contents):
            wait = begun + number / rate - self.api.clock() if rate else 0
            if wait > 0:
                await asyncio.sleep(wait)
            self.offer(content)
