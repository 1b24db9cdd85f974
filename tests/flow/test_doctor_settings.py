"""What `doctor` says of who decides, of the company on its papers, and of the company's own system."""

import socket
from pathlib import Path

import pytest
from pydantic import SecretStr

import actions.policies
from actions.policies import load
from bot import doctor
from bot.doctor import Finding, backend, company, examine
from tests.billing_server import BillingServer
from tests.make import settings

EVA, TOMAS = "eva@example.com", "tomas"


def with_tier(folder: Path, tier: str) -> Path:
    text = Path(actions.policies.__file__).with_name("policies.toml").read_text(encoding="utf-8")
    file = folder / "policies.toml"
    file.write_text(text.replace('correction = "auto"', f'correction = "{tier}"'), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("tier", "staff", "status"),
    [
        ("auto", (), "ok"),
        ("auto", (EVA,), "ok"),
        ("staff", (), "missing"),
        ("staff", (EVA,), "ok"),
        ("four-eyes", (), "fault"),
        ("four-eyes", (EVA,), "fault"),
        ("four-eyes", (EVA, f" {EVA.upper()}"), "fault"),
        ("four-eyes", (EVA, TOMAS), "ok"),
    ],
)
def test_who_may_decide(tmp_path: Path, tier: str, staff: tuple[str, ...], status: str) -> None:
    finding = doctor.staff(settings(tmp_path, staff=staff), load(with_tier(tmp_path, tier)))
    assert finding.status == status
    if status != "ok":
        assert "invoice_correction" in finding.detail
        assert "set STAFF" in finding.remedy


@pytest.mark.parametrize(
    ("address", "vat_id", "lost"),
    [
        ("", "", "COMPANY_ADDRESS and COMPANY_VAT_ID"),
        ("Main Street 1", "", "COMPANY_VAT_ID"),
        ("", "SK2022749619", "COMPANY_ADDRESS"),
        ("Main Street 1", "SK2022749619", None),
    ],
)
def test_what_papers_lack(tmp_path: Path, address: str, vat_id: str, lost: str | None) -> None:
    finding = company(settings(tmp_path, company_address=address, company_vat_id=vat_id))
    assert finding.status == ("missing" if lost else "ok")
    assert lost is None or finding.remedy.startswith(f"set {lost} to")


async def test_four_eyes_without_staff_are_a_finding_and_no_crash(tmp_path: Path, data_dir: Path) -> None:
    chosen = settings(data_dir, policies_file=with_tier(tmp_path, "four-eyes"), staff=(EVA,))
    findings = {finding.part: finding for finding in await examine(chosen)}
    assert findings["staff"].status == "fault"
    assert "invoice_correction takes 2 members of staff" in findings["staff"].detail
    assert findings["action log"].status == "ok"
    assert {"company", "backend", "mail"} <= findings.keys()


async def test_whether_the_companys_own_system_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look(url: str) -> Finding:
        return await backend(settings(tmp_path, backend_url=url, backend_secret=SecretStr("secret")))

    assert (await look("")).status == "ok"
    async with BillingServer() as server:
        answering = await look(server.url)
        assert (answering.status, server.calls) == ("ok", [])
        url = server.url
    gone = await look(url)
    assert (gone.status, gone.remedy) == (
        "fault",
        "check BACKEND_URL and that the system behind it is well",
    )
    monkeypatch.setattr(doctor, "BACKEND_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/billing"
        hanging = await look(url)
    assert (hanging.status, "no answer within 0.3 seconds" in hanging.detail) == ("fault", True)


async def test_a_setting_that_stops_everything_is_named(tmp_path: Path) -> None:
    chosen = settings(tmp_path, canned_file=tmp_path / "none.toml")
    faults = [finding for finding in await examine(chosen) if finding.status == "fault"]
    assert [finding.part for finding in faults] == ["settings"]
    assert "CANNED_FILE" in faults[0].detail


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("", "ok", "for itself"),
        ("foo", "fault", "must begin with redis://"),
        ("redis://", "fault", ""),
        ("redis://127.0.0.1:1/0", "fault", "does not answer"),
    ],
)
async def test_what_counts_requests(tmp_path: Path, address: str, status: str, said: str) -> None:
    found = next(
        part for part in await examine(settings(tmp_path, limits_url=address)) if part.part == "limits"
    )
    assert found.status == status
    assert said in found.detail
    assert bool(found.remedy) is (status == "fault")
