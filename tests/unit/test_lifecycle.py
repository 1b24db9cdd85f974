"""Which step may follow which, and the diagram that shows it."""

from pathlib import Path

import pytest

from actions.errors import IllegalStep
from actions.lifecycle import FINAL, FOLLOWS, WITHDRAWABLE, diagram, may_follow, require
from actions.model import Step

ALLOWED = """
PROPOSED -> DENIED AWAITING_IDENTITY AWAITING_CONFIRMATION
AWAITING_IDENTITY -> AWAITING_CONFIRMATION DENIED WITHDRAWN EXPIRED
AWAITING_CONFIRMATION -> SCHEDULED AWAITING_APPROVAL WITHDRAWN EXPIRED
AWAITING_APPROVAL -> SCHEDULED REFUSED WITHDRAWN EXPIRED
SCHEDULED -> EXECUTING DENIED WITHDRAWN EXPIRED
EXECUTING -> DONE FAILED OUTCOME_UNKNOWN SCHEDULED
OUTCOME_UNKNOWN -> DONE FAILED
"""


def allowed() -> set[tuple[str, str]]:
    lines = (line.split(" -> ") for line in ALLOWED.strip().splitlines())
    return {(step, following) for step, after in lines for following in after.split()}


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("following", Step)
def test_every_pair_of_steps(step: Step, following: Step) -> None:
    expected = (step.value, following.value) in allowed()
    assert may_follow(step, following) is expected
    if expected:
        require(step, following)
    else:
        with pytest.raises(IllegalStep, match=f"{step} cannot be followed by {following}"):
            require(step, following)


def test_every_step_can_be_reached_and_every_end_is_an_end() -> None:
    reached, frontier = {Step.PROPOSED}, {Step.PROPOSED}
    while frontier := {after for step in frontier for after in FOLLOWS[step]} - reached:
        reached |= frontier
    assert reached == set(Step)
    assert {step for step in Step if not FOLLOWS[step]} == FINAL


def test_what_may_be_taken_back_waits_and_is_not_under_way() -> None:
    assert {
        Step.AWAITING_IDENTITY,
        Step.AWAITING_CONFIRMATION,
        Step.AWAITING_APPROVAL,
        Step.SCHEDULED,
    } == WITHDRAWABLE


def test_the_documents_show_the_diagram_of_the_code() -> None:
    page = Path(__file__).parents[2] / "docs" / "lifecycle.md"
    assert page.read_text(encoding="utf-8") == diagram(), (
        "run: python -m actions.lifecycle > docs/lifecycle.md"
    )
