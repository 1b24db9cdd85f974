"""The log says of every proposal what took the customer's words for it: rules, or weights and which."""

import asyncio
from collections.abc import Sequence

import pytest

from actions.audit import verify
from actions.log import entries
from actions.model import Step
from actions.store.tables import ActionLog
from bot.app import App
from bot.routing.judging import Judge
from tests.commands import clausewise
from tests.make import Customer, mailed_code
from tests.torture.log_by_hand import check

OWNER = "olivia.owner@example.com"
MODEL = Judge().name
BY_RULES = "please cancel my account"
BY_WEIGHTS = "data portability request"
NO_RIGHT_NAMED = "please register my data subject request"
A_FORM = "I was sent an invoice with somebody else's address, please make a new one"


async def proposals(app: App) -> Sequence[ActionLog]:
    return await entries(app.database, step=Step.PROPOSED)


@pytest.mark.parametrize(("words", "by"), [(BY_RULES, "rules"), (BY_WEIGHTS, MODEL)])
async def test_a_proposal_names_what_understood_it_and_stays_the_customers(
    app: App, words: str, by: str
) -> None:
    customer = Customer(app, email=OWNER)
    await customer.says(words)
    await customer.presses("confirm")
    [proposal] = await proposals(app)
    assert (proposal.rule, proposal.actor) == (by, "customer")
    others = await entries(app.database, action_id=proposal.action_id, after=proposal.seq)
    assert not {"rules", MODEL} & {entry.rule for entry in others}
    assert (await verify(app.database, app.seal)).ok


async def test_a_dialogue_keeps_it(app: App) -> None:
    """Also where the right, the details or the identity come later."""
    customer = Customer(app)
    await customer.says(NO_RIGHT_NAMED)
    await customer.presses("right", right="access")
    for text in (OWNER, A_FORM):
        await customer.says(text)
        await customer.says(mailed_code(app) if text == OWNER else "company: Renamed Teapots Ltd")
    assert [(entry.kind, entry.rule) for entry in await proposals(app)] == [
        ("gdpr_request", MODEL),
        ("invoice_correction", MODEL),
    ]


async def test_a_right_chosen_long_after_the_question_is_nobodys_guess(app: App) -> None:
    customer = Customer(app, email=OWNER)
    await customer.says(NO_RIGHT_NAMED)
    pressed = await customer.button("right", right="access")
    await customer.says(BY_RULES)
    await customer.presses_id(pressed)
    assert [entry.rule for entry in await proposals(app)] == ["rules", "rules"]


async def test_the_log_is_searched_for_it_and_verifies_without_the_program(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    for chat, words in enumerate((BY_RULES, BY_WEIGHTS)):
        await Customer(app, email=OWNER, chat=str(chat)).says(words)
    by_rules, by_weights = [entry.seq for entry in await proposals(app)]
    monkeypatch.setenv("DATA_DIR", str(app.settings.data_dir))
    for actor, found in (
        ("rules", [by_rules]),
        ("model", [by_weights]),
        ("model:routing", [by_weights]),
        (MODEL, [by_weights]),
        ("model:rout", []),
        ("model:routing@0", []),
    ):
        shown = await asyncio.to_thread(clausewise, "log", "show", "--json", "--actor", actor)
        assert [line["seq"] for line in shown.lines] == found, actor
    shown = await asyncio.to_thread(clausewise, "log", "show", "--actor", "model")
    assert MODEL in shown.out
    folder = app.settings.data_dir
    named = ("clausewise.sqlite", "action-log.seal", "action-log.checkpoints", "action-log.key")
    assert check(*(folder / name for name in named)) == len(await entries(app.database))
