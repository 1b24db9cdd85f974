"""A company's own library, small, with the clause of every figure in two languages; and who reviews it."""

from dataclasses import dataclass, field
from pathlib import Path

from actions.bindings import Bindings
from actions.log import entries
from actions.policies import load
from actions.service import ActionService
from actions.store.tables import ActionLog
from bot.shelf import Shelf
from knowledge.languages import LinguaDetector
from knowledge.library import Library
from tests.contract.acting import World, make_world
from tests.make import settings

STAFF = ("eva", "Maria")
CLAUSES = {
    "cancellation-by-request": "We close the account within one business day.",
    "prepaid-credit-refund": "We may return only 50 % of the unused part.",
    "billing-details-update": "You may ask for it within 15 days of the last invoice.",
    "prepaid-credit-term": "The credit lasts for 12 months.",
    "inactivity": "After 4 weeks we write to you, after 8 weeks we delete the account.",
    "retention": "We delete a closed account within 30 days; its backup goes 30 days later.",
    "consent-period": "A consent is good for 5 years.",
    "price-changes": "We announce new prices 30 days before.",
}


@dataclass
class Company:
    """The demo store, its own terms in the folder `documents`, and the service with its review."""

    world: World
    folder: Path
    library: Library
    bindings: Bindings
    texts: dict[str, dict[str, str]] = field(
        default_factory=lambda: {
            "en": dict(CLAUSES),
            "sl": {name: f"SL: {CLAUSES[name]}" for name in CLAUSES},
        }
    )

    def write(self) -> None:
        documents = self.folder / "documents"
        documents.mkdir(exist_ok=True)
        for language, clauses in self.texts.items():
            parts = [f"## About {name} {{#{name}}}\n\n{text}\n" for name, text in clauses.items()]
            text = "\n".join([f"---\nlanguage: {language}\n---\n# Terms {language}\n", *parts])
            (documents / f"terms.{language}.md").write_text(text)

    async def ingest(self, *, retire_missing: bool = False) -> None:
        await self.library.ingest([self.folder / "documents"], retire_missing=retire_missing)

    async def changes(
        self, anchor: str, language: str = "en", text: str | None = "It is all different."
    ) -> None:
        """The company changes a clause, or (None) takes it out, and ingests its terms again."""
        if text is None:
            del self.texts[language][anchor]
        else:
            self.texts[language][anchor] = text
        self.write()
        await self.ingest()

    async def held(self) -> set[str]:
        return set((await self.bindings.review()).held)

    async def states(self) -> dict[str, str]:
        return {report.name: report.state for report in await self.bindings.check()}

    async def logged(self) -> list[tuple[str | None, str]]:
        """(rule, figure) of every entry about the policies, oldest first."""
        found = await self.entries()
        return [(entry.rule, entry.subject.removeprefix("figure:")) for entry in found]

    async def entries(self) -> list[ActionLog]:
        return list(await entries(self.world.database, kind="policy"))


async def open_company(folder: Path, url: str | None = None) -> Company:
    """The company's terms are ingested and, being seen for the first time, accepted."""
    world = await make_world(folder, url)
    company = beside(world, folder)
    company.write()
    await company.ingest()
    assert await company.held() == set()
    return company


def beside(world: World, folder: Path) -> Company:
    """What another process has on the same store: it remembers nothing."""
    policies = load()
    shelf = Shelf(settings(folder / "data"), world.database, world.clock)
    bindings = Bindings(world.database, world.clock, policies, shelf, seal=world.seal, staff=STAFF)
    service = ActionService(
        world.database, world.clock, shelf, policies=policies, seal=world.seal, review=bindings, staff=STAFF
    )
    here = World(world.database, world.clock, world.seal, service)
    return Company(here, folder, Library(world.database, LinguaDetector(), world.clock), bindings)
