"""What a turn can lead to."""

from dataclasses import dataclass

from bot.database import Database
from bot.flows.acting import Acting
from bot.flows.asides import Asides
from bot.flows.awaited import Awaited
from bot.flows.commands import Commands
from bot.flows.groups import Groups
from bot.flows.people import People
from bot.flows.presses import Presses
from bot.flows.proving import Proving
from bot.flows.questions import Questions
from bot.ports import Router


@dataclass(frozen=True, slots=True)
class Flows:
    """What a turn can lead to."""

    questions: Questions
    acting: Acting
    proving: Proving
    people: People
    presses: Presses
    commands: Commands
    awaited: Awaited
    asides: Asides
    groups: Groups

    @classmethod
    def of(
        cls,
        database: Database,
        router: Router,
        questions: Questions,
        acting: Acting,
        proving: Proving,
        people: People,
    ) -> "Flows":
        """All of them, with those that stand on the others."""
        return cls(
            questions,
            acting,
            proving,
            people,
            Presses(database, questions, acting, proving, people),
            Commands(acting, people),
            Awaited(acting, proving),
            Asides(database, router, questions),
            Groups(database, router, questions),
        )
