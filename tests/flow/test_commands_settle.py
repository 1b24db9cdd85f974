"""`clausewise actions settle`: staff say what became of an effect in the company's system."""

import asyncio
import socket
from pathlib import Path

import pytest

from bot.app import App, open_app
from tests.billing_server import SECRET, BillingServer
from tests.commands import clausewise
from tests.make import Customer, mails, settings, words

OLIVIA = "olivia.owner@example.com"
EVA = "eva@example.com"


@pytest.fixture
def reference(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A data-protection request that the company's system took, and whose answer was cut off."""

    async def work() -> None:
        async with BillingServer() as company:
            company.faults.append("cut-done")
            backend = {"backend_url": company.url, "backend_secret": SECRET}
            async with open_app(settings(data_dir, **backend)) as app:
                customer = Customer(app, email=OLIVIA)
                await customer.says("stop sending me marketing e-mails")
                result = await customer.presses("confirm")
                assert app.messages.say("en", "receipt.step.OUTCOME_UNKNOWN") in result.replies[-1].text
            assert len(company.effects) == 1

    asyncio.run(work())
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("BACKEND_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
    monkeypatch.setenv("BACKEND_SECRET", SECRET)
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    monkeypatch.setenv("STAFF", EVA)
    (row,) = clausewise("actions", "list", "--json").json
    assert row["step"] == "OUTCOME_UNKNOWN"

    return str(row["reference"])


@pytest.mark.parametrize(("flag", "step"), [("--done", "DONE"), ("--failed", "FAILED")])
def test_staff_settle_it_and_the_customer_gets_a_mail(
    data_dir: Path, reference: str, flag: str, step: str
) -> None:
    ran = clausewise("actions", "settle", reference, flag, "--as", EVA, "--json")
    assert (ran.status, ran.json["step"]) == (0, step)
    told: list[str] = []

    async def work() -> None:
        async with open_app(settings(data_dir)) as app:
            await app.worker.tick()
            told.extend(words(mail) for mail in mails(app))
            told.append(_sentence(app, step))

    asyncio.run(work())
    *texts, sentence = told
    assert any(reference in text and sentence in text for text in texts)
    assert clausewise("log", "verify").status == 0
    late = clausewise("actions", "settle", reference, flag, "--as", EVA)
    assert (late.status, late.out) == (1, "")
    assert f"clausewise actions show {reference}" in late.err


def _sentence(app: App, step: str) -> str:
    return app.messages.say("en", f"receipt.step.{step}")


def test_it_needs_staff_and_a_word_on_how_it_ended(reference: str) -> None:
    foreign = clausewise("actions", "settle", reference, "--done", "--as", "nobody")
    assert (foreign.status, foreign.out) == (1, "")
    assert "may not act here" in foreign.err
    assert clausewise("actions", "settle", reference, "--as", EVA).status == 2
