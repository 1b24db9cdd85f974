"""How many messages a channel takes in which time, and what a refusal means for others."""

import pytest

from bot.pacing import REFUSED_TOGETHER, Limit, Limits, Pacing

LIMITS = Limits(chat=Limit(3, 3.0), group=Limit(5, 60.0), overall=Limit(6, 1.0))


class Seconds:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def at() -> Seconds:
    return Seconds()


@pytest.fixture
def pacing(at: Seconds) -> Pacing:
    return Pacing(LIMITS, now=at)


@pytest.mark.parametrize(
    ("sent", "later", "wait"),
    [(0, 0.0, 0.0), (2, 0.0, 0.0), (3, 0.0, 3.0), (3, 2.5, 0.5), (3, 3.0, 0.0), (3, 3.5, 0.0)],
)
def test_a_chat(pacing: Pacing, at: Seconds, sent: int, later: float, wait: float) -> None:
    for _ in range(sent):
        pacing.took("7")
    at.now += later
    assert pacing.wait_of_chat("7") == wait
    assert pacing.wait_of_chat("8") == 0


@pytest.mark.parametrize(("sent", "wait"), [(4, 0.0), (5, 10.0), (6, 10.0)])
def test_a_group_has_a_limit_of_its_own(pacing: Pacing, at: Seconds, sent: int, wait: float) -> None:
    for _ in range(sent):
        pacing.took("-7")
        at.now += 10.0
    assert pacing.wait_of_chat("-7") == wait


def test_the_members_of_a_group_share_its_limit(pacing: Pacing) -> None:
    for member in range(5):
        pacing.took(f"-7:{member}")
    assert pacing.wait_of_chat("-7:99") > 50
    assert pacing.wait_of_chat("-8:99") == 0


def test_all_chats_together(pacing: Pacing, at: Seconds) -> None:
    for chat in range(5):
        pacing.took(str(chat))
    assert pacing.wait_of_all() == 0
    pacing.took("5")
    assert pacing.wait_of_all() == 1.0
    at.now += 1.0
    assert pacing.wait_of_all() == 0


def test_without_limits_nobody_waits() -> None:
    pacing = Pacing()
    for _ in range(1000):
        pacing.took("-7")
    assert pacing.wait_of_chat("-7") == pacing.wait_of_all() == 0


@pytest.mark.parametrize("refused", [REFUSED_TOGETHER - 1, REFUSED_TOGETHER, REFUSED_TOGETHER + 1])
def test_many_refusals_at_once_are_about_the_bot(pacing: Pacing, refused: int) -> None:
    for chat in range(refused):
        pacing.refused(str(chat), 10.0 + chat)
    assert pacing.wait_of_all() == (10.0 if refused >= REFUSED_TOGETHER else 0.0)


def test_refusals_one_after_the_other_are_about_each_chat(pacing: Pacing, at: Seconds) -> None:
    for chat in range(5):
        pacing.refused(str(chat), 2.0)
        at.now += 2.0
    assert pacing.wait_of_all() == 0


def test_a_refusal_said_to_be_general_is(pacing: Pacing, at: Seconds) -> None:
    pacing.refused("7", 30.0, everywhere=True)
    assert pacing.wait_of_all() == 30.0
    at.now += 30.0
    assert pacing.wait_of_all() == 0


def test_what_is_long_ago_is_forgotten(pacing: Pacing, at: Seconds) -> None:
    for chat in range(100):
        pacing.took(str(chat))
    at.now += 61
    pacing.took("fresh")
    assert pacing.wait_of_chat("fresh") == 0
    assert set(pacing._windows) == {"fresh"}


@pytest.mark.parametrize(
    ("sent", "flight", "later", "wait"), [(3, 2.0, 0.0, 3.0), (3, 2.0, 3.0, 0.0), (2, 2.0, 0.0, 0.0)]
)
def test_what_is_on_its_way_counts_from_its_arrival(
    pacing: Pacing, at: Seconds, sent: int, flight: float, later: float, wait: float
) -> None:
    on_their_way = [pacing.took("7") for _ in range(sent)]
    at.now += flight
    for sending in on_their_way:
        sending.arrived()
    at.now += later
    assert pacing.wait_of_chat("7") == wait
