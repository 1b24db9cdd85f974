"""policies.toml: every figure with its clause, every mistake named."""

from pathlib import Path

import pytest

import actions.policies
from actions.errors import PolicyError
from actions.model import ActionKind
from actions.policies import ANCHORS, UNITS, Place, load, parse

TEXT = Path(actions.policies.__file__).with_name("policies.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "value", "clause"),
    [
        ("cancellation", 1, "cancellation-by-request"),
        ("refund_share", 50, "prepaid-credit-refund"),
        ("correction_window", 15, "billing-details-update"),
        ("credit_term", 12, "prepaid-credit-term"),
        ("inactivity_warning", 4, "inactivity"),
        ("inactivity_deletion", 8, "inactivity"),
        ("deletion", 30, "retention"),
        ("backup", 30, "retention"),
        ("consent", 5, "consent-period"),
        ("price_notice", 30, "price-changes"),
        ("proposal_expiry", 30, None),
    ],
)
def test_the_built_in_figures(name: str, value: int, clause: str | None) -> None:
    figure = getattr(load().figures, name)
    assert (figure.value, figure.unit, figure.clause) == (value, UNITS[name], clause)


def test_contradictions_are_pairs_of_anchors() -> None:
    policies = load()
    assert policies.disagreements == (("retention", "compact-policy-ind"),)
    by_name = {found.name: found.places for found in policies.contradictions}
    assert set(by_name) == {
        "how-long-data-is-kept",
        "who-the-company-is",
        "when-corrections-are-declined",
        "appsumo-exceptions",
    }
    places = by_name["when-corrections-are-declined"]
    assert places == (Place("billing-details-update", "sl"), Place("billing-details-update", "lt"))
    assert set(policies.anchors) <= ANCHORS
    assert {"retention", "compact-policy-ind", "inactivity"} <= set(policies.anchors)


def test_every_kind_has_a_tier() -> None:
    assert {kind: load().needs_staff(kind) for kind in ActionKind} == dict.fromkeys(ActionKind, False)


@pytest.mark.parametrize(("tier", "needed"), [("auto", 0), ("staff", 1), ("four-eyes", 2)])
def test_a_tier_says_how_many_members_of_staff_it_takes(tier: str, needed: int) -> None:
    policies = parse(TEXT.replace('cancel_account = "auto"', f'cancel_account = "{tier}"'))
    assert policies.approvals(ActionKind.CANCEL_ACCOUNT) == needed
    assert policies.needs_staff(ActionKind.CANCEL_ACCOUNT) is (needed > 0)
    assert policies.approvals(ActionKind.GDPR_REQUEST) == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[figures.deletion]", "[figures.deletions]", "figures.deletions is unknown"),
        (
            '[figures.deletion]\nvalue = 30\nunit = "days"\nclause = "retention"\n',
            "",
            "figures.deletion is missing",
        ),
        ("value = 15", "value = 0", "figures.correction_window.value must be a whole number"),
        ("value = 15", "value = -15", "figures.correction_window.value"),
        ("value = 15", 'value = "15"', "figures.correction_window.value"),
        ("value = 15", "value = 15.0", "figures.correction_window.value"),
        ("value = 15", "value = true", "figures.correction_window.value"),
        ("value = 15\n", "", "figures.correction_window.value"),
        ("value = 50", "value = 101", "figures.refund_share.value is a percentage"),
        ('unit = "business days"', 'unit = "days"', "figures.cancellation.unit must be 'business days'"),
        (
            'clause = "price-changes"',
            'clause = "price-change"',
            "figures.price_notice.clause: there is no clause with the anchor 'price-change'",
        ),
        ('clause = "price-changes"', "", "figures.price_notice.clause: there is no clause"),
        ('unit = "minutes"', 'unit = "minutes"\nclause = "retention"', "figures.proposal_expiry.clause"),
        ('unit = "minutes"', 'unit = "minutes"\nextra = 1', "figures.proposal_expiry.extra is unknown"),
        ('cancel_account = "auto"', "", "tiers.cancel_account must be"),
        ('cancel_account = "auto"', 'cancel_account = "never"', "tiers.cancel_account must be .*'never'"),
        ('cancel_account = "auto"', 'cancel_account = "six-eyes"', "or \"four-eyes\", not 'six-eyes'"),
        ('cancel_account = "auto"', 'cancel_account = ["staff"]', r"tiers.cancel_account .*\['staff'\]"),
        ('gdpr_request = "auto"', 'gdpr_request = "staff"', 'tiers.gdpr_request must be "auto": nobody'),
        ('gdpr_request = "auto"', 'gdpr_request = "four-eyes"', 'tiers.gdpr_request must be "auto": nobody'),
        ("[tiers]", "[tier]", "tier is unknown"),
        ('"compact-policy-ind"]', '"compact-policy-xyz"]', r"disagreement\[0\].clauses: there is no clause"),
        ('["retention", "compact-policy-ind"]', '["retention"]', r"disagreement\[0\].clauses must list two"),
        ('["retention", "compact-policy-ind"]', "[1, 2]", r"disagreement\[0\].clauses must hold anchors"),
        ('name = "who-the-company-is"', "", r"disagreement\[1\].name is missing"),
        ("[figures.cancellation]", "[figures.cancellation", "is not TOML"),
    ],
)
def test_a_mistake_is_named(old: str, new: str, message: str) -> None:
    assert TEXT.count(old) == 1, old
    with pytest.raises(PolicyError, match=message):
        parse(TEXT.replace(old, new))


def test_another_file_can_stand_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "policies.toml"
    file.write_text(TEXT.replace("value = 15", "value = 20"), encoding="utf-8")
    assert load(file).figures.correction_window.value == 20
    file.write_text("", encoding="utf-8")
    with pytest.raises(PolicyError, match=r"policies.toml: figures is missing"):
        load(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(PolicyError, match="is not UTF-8"):
        load(file)
    with pytest.raises(PolicyError, match=r"none.toml: cannot be read \(No such file"):
        load(tmp_path / "none.toml")
