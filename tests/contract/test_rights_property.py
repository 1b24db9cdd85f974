"""A legal right is never refused automatically, whoever asks, whatever the risk tiers and the figures say."""

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import actions.policies
from actions.errors import PolicyError
from actions.file_gdpr_request import AT_ONCE
from actions.model import ActionKind, Denied, Level, NeedsConfirmation, Receipt, Right, Step
from actions.policies import APPROVALS, UNITS, Policies, parse
from actions.store.tables import Action, GdprCase
from tests.contract.acting import AGENT, LATE_OWNER, OWNER, STRANGER, World, make_world

GDPR = ActionKind.GDPR_REQUEST
TEXT = Path(actions.policies.__file__).with_name("policies.toml").read_text(encoding="utf-8")

tiers = st.sampled_from(sorted(APPROVALS))
people = st.sampled_from([OWNER, AGENT, LATE_OWNER, STRANGER])
asked = st.lists(st.tuples(people, st.sampled_from(list(Right)), st.booleans()), min_size=1, max_size=6)


@st.composite
def policies(draw: st.DrawFn) -> Policies:
    text = TEXT
    for kind in (ActionKind.CANCEL_ACCOUNT, ActionKind.INVOICE_CORRECTION):
        assert f'{kind} = "auto"' in text
        text = text.replace(f'{kind} = "auto"', f'{kind} = "{draw(tiers)}"')
    figures = draw(st.dictionaries(st.sampled_from(sorted(UNITS)), st.integers(1, 100)))
    return parse(text).revalued(figures)


@pytest.mark.parametrize("tier", [tier for tier in APPROVALS if tier != "auto"])
def test_no_tier_may_stand_before_a_right(tier: str) -> None:
    assert f'{GDPR} = "auto"' in TEXT
    with pytest.raises(PolicyError):
        parse(TEXT.replace(f'{GDPR} = "auto"', f'{GDPR} = "{tier}"'))


@given(policies(), asked)
@settings(max_examples=25, deadline=None)
def test_no_guard_denies_a_verified_person_a_right(
    policies: Policies, asked: list[tuple[str, Right, bool]]
) -> None:
    asyncio.run(_ask(policies, asked))


async def _ask(policies: Policies, asked: list[tuple[str, Right, bool]]) -> None:
    """Ask for each right; the third value says whether staff answer the case before the next request."""
    with tempfile.TemporaryDirectory() as folder:
        world = (await make_world(Path(folder))).another_process(policies)
        try:
            for email, right, is_answered in asked:
                await _one(world, email, right)
                if is_answered:
                    await _answer(world)
            await _nothing_was_denied(world)
        finally:
            await world.database.close()


async def _one(world: World, email: str, right: Right) -> None:
    open_before = {(case.email, case.right): case for case in await _open(world)}
    proposed = await world.propose(email, GDPR, level=Level.VERIFIED, right=right)
    running = open_before.get((email, right))
    if running is not None:
        # asked again while the case runs: that very case is shown, and goes on
        assert isinstance(proposed, Denied)
        assert proposed.verdict.rule == "case-open"
        assert proposed.verdict.values["reference"] == running.reference
        assert running.reference in {case.reference for case in await _open(world)}
        return
    assert isinstance(proposed, NeedsConfirmation)
    receipt = await world.press(email, proposed)
    assert isinstance(receipt, Receipt)
    assert receipt.step is Step.DONE
    [case] = [case for case in await world.rows(GdprCase) if case.reference == receipt.reference]
    assert (case.email, case.status) == (email, "done" if right in AT_ONCE else "open")


async def _open(world: World) -> list[GdprCase]:
    return [case for case in await world.rows(GdprCase) if case.status == "open"]


async def _answer(world: World) -> None:
    async with world.database.write() as session:
        for case in await _open(world):
            (await session.get_one(GdprCase, case.id)).status = "done"


async def _nothing_was_denied(world: World) -> None:
    """What ended in DENIED named the person's own case for this right, and nothing else."""
    references = {case.reference: (case.email, case.right) for case in await world.rows(GdprCase)}
    for action in await world.rows(Action):
        assert action.step in (Step.DONE, Step.DENIED)
        if action.step == Step.DENIED:
            assert action.verdict is not None
            assert action.verdict["rule"] == "case-open"
            shown = references[action.verdict["values"]["reference"]]
            assert shown == (action.email, action.arguments["right"])
