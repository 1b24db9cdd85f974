"""What customers write: real questions in five languages, and requests."""

import json
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "samples"
LANGUAGES = ("en", "sl", "lt", "et", "bg")
REQUESTS = {
    "en": ("Please cancel my account.", "I want a copy of all my data under the GDPR."),
    "sl": ("Prosim, ukinite moj račun.", "Želim kopijo vseh svojih podatkov po GDPR."),
    "lt": ("Prašau atšaukti mano paskyrą.", "Noriu visų savo duomenų kopijos pagal BDAR."),
    "et": ("Palun tühistage minu konto.", "Soovin kõigi oma andmete koopiat isikuandmete kaitse alusel."),
    "bg": ("Моля, прекратете акаунта ми.", "Искам копие на всичките си данни по GDPR."),
}
GREETINGS = {"en": "Hello!", "sl": "Pozdravljeni!", "lt": "Labas!", "et": "Tere!", "bg": "Здравейте!"}


@cache
def questions(language: str) -> tuple[str, ...]:
    """The questions of the sample that its documents answer."""
    lines = (SAMPLES / f"questions.{language}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return tuple(row["question"] for row in rows if row["kind"] == "answerable")


def words(chat: int, seed: int = 0) -> Iterator[str]:
    """What one customer writes, in one language: a greeting now and then, questions, requests."""
    chance = random.Random(f"{seed}:{chat}")
    language = LANGUAGES[chat % len(LANGUAGES)]
    while True:
        kind = chance.choices(("question", "request", "greeting"), (7, 2, 1))[0]
        if kind == "question":
            yield chance.choice(questions(language))
        else:
            yield chance.choice(REQUESTS[language]) if kind == "request" else GREETINGS[language]
