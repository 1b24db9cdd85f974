"""A document -> clauses: what a lawyer would cite, and nothing lost or told twice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.blocks import Block, blocks_of_text
from knowledge.clauses import Piece, Split, split
from knowledge.cleaning import clean
from knowledge.grouping import LIMIT
from knowledge.identity import Known, assign, slug
from knowledge.markdown import blocks_of_markdown, inline
from knowledge.segments import is_title_like, squeeze


def pieces(text: str, *, markdown: bool = False, language: str = "en") -> list[tuple[tuple[str, ...], str]]:
    cleaned = clean(text)
    found = split(cleaned.text, markdown=markdown, language=language, contents=cleaned.contents)
    return [(piece.path, piece.text) for piece in found.pieces]


LONG = (
    "The provider keeps the data for as long as the account is open, and then for thirty days in a backup "
    "that nobody reads and that lies in another place."
)
MORE = (
    "After that period the backup is overwritten, and no copy of the data is left with the provider or "
    "with anyone it hired."
)
THIRD = (
    "Whoever needs the data longer must export it before the account is closed, since nothing can be "
    "restored afterwards."
)


def test_headed_sections() -> None:
    text = f"Retention\n\n{LONG}\n\n{MORE}\n\n{THIRD}\n\nLaw\n\nThe law of Delaware applies."
    assert pieces(text) == [
        (("Retention",), LONG),
        (("Retention",), MORE),
        (("Retention",), THIRD),
        (("Law",), "The law of Delaware applies."),
    ]


def test_a_very_short_section_stays_whole() -> None:
    assert pieces("Consent\n\nIt is voluntary.\n\nYou may withdraw it.\n\nWrite to us.") == [
        (("Consent",), "It is voluntary.\n\nYou may withdraw it.\n\nWrite to us.")
    ]


def test_a_heading_right_above_a_heading_is_its_parent() -> None:
    text = "\n\n".join(("Law", THIRD, "Free plans", "Fair use", LONG, "Delivery", MORE))
    assert pieces(text) == [(("Law",), THIRD), (("Free plans", "Fair use"), LONG), (("Delivery",), MORE)]


def test_a_title_stands_over_the_whole_document() -> None:
    text = "\n\n".join(("TERMS", "Fair use", LONG, "Delivery", MORE))
    assert pieces(text) == [(("TERMS", "Fair use"), LONG), (("TERMS", "Delivery"), MORE)]
    text = "\n\n".join(("Agreement", THIRD, "1. Fair use", LONG, "2. Delivery", MORE))
    assert [path for path, _ in pieces(text)] == [
        ("Agreement",),
        ("Agreement", "1. Fair use"),
        ("Agreement", "2. Delivery"),
    ]


def test_numbers_give_the_hierarchy() -> None:
    text = f"2. Fees\n\n{LONG}\n\n2.1 Refunds\n\n{MORE}\n\n3. Law\n\n{THIRD}"
    assert [path for path, _ in pieces(text)] == [("2. Fees",), ("2. Fees", "2.1 Refunds"), ("3. Law",)]


def test_numbered_paragraphs_are_cited_one_by_one() -> None:
    text = "Fees\n\n2.1 The fee is due monthly.\n\n2.2 It is not refunded.\n\n2.3 It may rise."
    assert len(pieces(text)) == 3


def test_the_section_of_a_table_of_contents_is_the_parent_of_what_it_lists() -> None:
    names = ("Who processes data", "Which data is processed", "How to withdraw consent")
    listed = "\n".join(f" {number}. {name}" for number, name in enumerate(names, start=1))
    sections = "\n\n".join(f"{name}\n\n{LONG}" for name in names)
    found = pieces(f"Law\n\n{MORE}\n\nData processing\n\n{THIRD}\n\nContents\n\n{listed}\n\n{sections}")
    assert [path for path, _ in found[2:]] == [("Data processing", name) for name in names]


def test_a_document_without_headings() -> None:
    assert pieces(f"{LONG}\n\n{MORE}") == [((), LONG), ((), MORE)]


def test_wrapped_lines_are_one_paragraph() -> None:
    wrapped = (
        "The provider keeps the data for as long as the account is open,\nand then for a month in a backup."
    )
    assert pieces(wrapped) == [((), squeeze(wrapped))]


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_a_list_belongs_to_its_lead_in(gap: str) -> None:
    text = (
        f"Data\n\n{LONG}\n\n{MORE}\n\nWe collect the following:{gap} • clicks\n • usage\n • protocol elements"
    )
    assert pieces(text)[-1] == (
        ("Data",),
        "We collect the following:\n• clicks\n• usage\n• protocol elements",
    )


def test_dashes_kept_apart_by_blank_lines_are_one_list() -> None:
    items = ("– to follow instructions;", "– to train its staff;", "– to tell us.")
    text = f"Duties\n\n{LONG} In particular:\n\n" + "\n\n".join((*items, MORE))
    assert [piece for _, piece in pieces(text)] == ["\n".join((f"{LONG} In particular:", *items)), MORE]


def test_sentences_in_a_list_without_a_lead_in_stand_alone() -> None:
    must = "• You must be {}, whatever the plan that you have chosen for yourself may be."
    items = [must.format(what) * 3 for what in ("of age", "human")]
    text = "Account terms\n\n" + "\n".join(items) + f"\n\nLaw\n\n{LONG}"
    assert pieces(text) == [(("Account terms",), items[0]), (("Account terms",), items[1]), (("Law",), LONG)]


def test_a_long_led_list_is_cut_between_items() -> None:
    items = "\n".join(f" • {number} {LONG}" for number in range(40))
    found = pieces(f"Duties\n\nThe customer must observe this:\n{items}")
    assert all(len(text) <= LIMIT for _, text in found)
    assert found[0][1].startswith("The customer must observe this:\n• 0")
    assert sum(text.count("•") for _, text in found) == 40


def test_what_a_colon_announces_stays_with_it() -> None:
    text = f"Compact policy\n\nThe policy in short is this:\n\nCP=NOI CURa ADMa OUR\n\n{LONG}\n\n{THIRD}"
    assert pieces(text)[0][1] == "The policy in short is this:\n\nCP=NOI CURa ADMa OUR"


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("Refunds", True),
        ("Who is the data processor", True),
        ("“Cookies” group (mandatory)", True),
        ("We may change these terms.", False),
        ("we may change", False),
        ("CP=NOI CURa ADMa", False),
        ("office@example.com", False),
        ("to follow instructions;", False),
        ("", False),
    ],
)
def test_title_like(line: str, heading: bool) -> None:
    assert is_title_like(line) is heading


DATES = ("Last updated: 2 October 2023", "Viimati muudetud: 7. oktoobril 2022", "In force from 1 May 2024")


@pytest.mark.parametrize("line", [*DATES, "CP NOI CURa ADMa DEVa OUR"])
def test_a_date_or_a_code_is_no_heading(line: str) -> None:
    assert not any(path for path, _ in pieces(f"{line}\n\n{LONG}"))


@pytest.mark.parametrize("line", DATES)
def test_a_date_alone_is_no_clause(line: str) -> None:
    assert pieces(f"{line}\n\n{LONG}\n\n{MORE}") == [((), f"{line}\n\n{LONG}"), ((), MORE)]
    assert pieces(f"Law\n\n{LONG}\n\n{THIRD}\n\n{MORE}\n\n{line}")[-1] == (("Law",), f"{MORE}\n\n{line}")


def test_a_rule_with_a_date_is_a_clause() -> None:
    rule = "The offer is valid until 1 May 2025."
    assert pieces(f"Offers\n\n{rule}\n\n{LONG}\n\n{MORE}")[0] == (("Offers",), rule)


def test_a_lead_in_alone_is_no_clause() -> None:
    lead = "This is what you may ask for:"
    assert pieces(f"Rights\n\n{lead}\n\n{LONG}\n\n{MORE}\n\n{THIRD}")[0] == (
        ("Rights",),
        f"{lead}\n\n{LONG}",
    )
    rights = f"Right of access. {LONG}\n\nRight to erasure. {MORE}"
    found = pieces(f"Rights\n\n{THIRD}\n\n{lead}\n\n{rights}")
    assert found[0] == (("Rights",), f"{THIRD}\n\n{lead}")
    assert [path[-1] for path, _ in found[1:]] == ["Right of access", "Right to erasure"]


def test_parts_of_one_sentence_stay_together_without_a_colon() -> None:
    item = "• {} data as the controller has told it in writing, and in no other way at all"
    items = [f"{item.format(verb)}{end}" for verb, end in (("keep", ";"), ("use", ";"), ("erase", "."))]
    lead = f"{LONG} It undertakes to"
    found = pieces(f"Duties\n\n{lead}\n\n" + "\n".join(items) + f"\n\nLaw\n\n{MORE}")
    assert found[0] == (("Duties",), "\n".join((lead, *items)))


MARKDOWN = """# Terms of service

Preamble in **bold** and a [form](https://example.com/form).

## Refunds {#refunds}

A paid month is *not* refunded.

A second paragraph.

<a id="tax"></a>
Taxes
-----

Prices are net.

### Invoices {#refunds}

| Who | Where |
|-----|-------|
| **Example** | EU |
| Other | US |
"""


def test_markdown() -> None:
    found = split(MARKDOWN, markdown=True)
    assert found.title == "Terms of service"
    assert found.notes == ('the anchor "refunds" stands twice; "Invoices" goes without it',)
    assert found.pieces == (
        Piece("Terms of service", ("Terms of service",), None,
              "Preamble in bold and a form (https://example.com/form)."),
        Piece("Refunds", ("Terms of service", "Refunds"), "refunds",
              "A paid month is not refunded.\n\nA second paragraph."),
        Piece("Taxes", ("Terms of service", "Taxes"), "tax", "Prices are net."),
        Piece("Invoices", ("Terms of service", "Taxes", "Invoices"), None, "Who | Where\nExample | EU"),
        Piece("Invoices", ("Terms of service", "Taxes", "Invoices"), None, "Other | US"),
    )  # fmt: skip


def test_clauses_under_one_anchor_are_numbered_alike_in_every_language() -> None:
    found = split("# T\n\n## Hosts {#hosts}\n\n| A | B |\n|---|---|\n| x | y |\n| z | w |\n", markdown=True)
    assert [piece.anchor for piece in found.pieces] == ["hosts", "hosts.2"]


def test_an_anchored_section_stays_whole_up_to_the_limit() -> None:
    long = "\n\n".join([LONG] * 10)
    assert len(split(f"## A {{#a}}\n\n{long}", markdown=True).pieces) == 1
    assert len(split(f"## A {{#a}}\n\n{long}\n\n{long}", markdown=True).pieces) == 20


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a **b** _c_ `d`", "a b c d"),
        ("[x@example.com](mailto:x@example.com)", "x@example.com"),
        ("see [above](#fees)", "see above"),
        ("5 * 3 * 2 and snake_case_name", "5 * 3 * 2 and snake_case_name"),
        ("<https://example.com>", "https://example.com"),
        ("<mailto:x@example.com>", "x@example.com"),
        (r"1\. not a list", "1. not a list"),
    ],
)
def test_inline(text: str, plain: str) -> None:
    assert inline(text) == plain


def test_code_and_comments() -> None:
    text = "# A\n\n<!-- not shown\n# B -->\n```\n# no heading\n```\n"
    assert [block.kind for block in blocks_of_markdown(text)] == ["heading", "paragraph"]


WORDS = st.sampled_from(
    [
        "account",
        "data",
        "customer",
        "Provider",
        "fee",
        "30",
        "days",
        "refund",
        "policy",
        "Quality",
        "cookies",
        "law",
        "(a)",
        "LiveHost",
    ]
)
SENTENCE = st.lists(WORDS, min_size=1, max_size=60).map(lambda words: f"The {' '.join(words)}.")
TITLE = st.lists(WORDS, min_size=1, max_size=5).map(lambda words: f"On {' '.join(words)}")
ITEMS = st.lists(SENTENCE, min_size=1, max_size=30).map(
    lambda items: "\n".join(f" • {item}" for item in items)
)
TABLE = st.lists(SENTENCE, min_size=2, max_size=4).map(lambda rows: "\n".join(f"ABCa{row}" for row in rows))
RUN_IN = st.tuples(TITLE, SENTENCE).map(". ".join)
LEAD = SENTENCE.map(lambda sentence: sentence[:-1] + ":")
NOISE = st.text(alphabet="aBcČд .:;-•1)\n\t#|*", max_size=120)
PART = st.one_of(SENTENCE, TITLE, RUN_IN, ITEMS, TABLE, LEAD, NOISE)
DOCUMENT = st.lists(PART, max_size=14).map("\n\n".join)


def solid(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())


def check(found: Split, blocks: list[Block]) -> None:
    """Every letter of a block that is no heading stands in exactly one clause or its heading, in order."""
    whole = "".join(solid(block.text) for block in blocks if block.kind != "heading")
    at = 0
    for piece in found.pieces:
        text = solid(piece.text)
        if not whole.startswith(text, at):
            at += len(solid(piece.heading))
        assert whole.startswith(text, at)
        at += len(text)
    assert at == len(whole)
    singles = [block.text for block in blocks]
    assert all(
        len(piece.text) <= LIMIT or any(text.endswith(piece.text) for text in singles)
        for piece in found.pieces
    )


@settings(max_examples=150, deadline=None)
@given(DOCUMENT)
def test_plain_text_is_neither_lost_nor_told_twice(text: str) -> None:
    cleaned = clean(text)
    found = split(cleaned.text, markdown=False, language="en", contents=cleaned.contents)
    blocks = blocks_of_text(cleaned.text)
    check(found, blocks)
    assert "".join(solid(block.text) for block in blocks) == solid(cleaned.text)
    whole = "".join(cleaned.text.split())
    at = 0
    for piece in found.pieces:
        compact = "".join(piece.text.split())
        at = whole.find(compact, at)
        assert at >= 0, "a clause's text is the source's characters in order, only white space changed"
        at += len(compact)
    assert found == split(cleaned.text, markdown=False, language="en", contents=cleaned.contents)


@settings(max_examples=100, deadline=None)
@given(DOCUMENT.map(lambda text: text.replace("On ", "## On ")))
def test_markdown_is_neither_lost_nor_told_twice(text: str) -> None:
    blocks = blocks_of_markdown(text)
    check(split(text, markdown=True, language="en"), blocks)
    assert "".join(solid(block.text) for block in blocks) == solid(text)


def piece(text: str, *, heading: str = "Fees", anchor: str | None = None) -> Piece:
    return Piece(heading, (heading,) if heading else (), anchor, text)


def known(clause_id: str, of: Piece) -> Known:
    return Known(clause_id, of.anchor, of.path, of.text)


def test_new_ids_are_readable_and_unique() -> None:
    ids = assign(
        "terms",
        [
            piece("a"),
            piece("b"),
            piece("c", anchor="fee"),
            piece("d", heading="Члан 5"),
            piece("e", heading=""),
        ],
    )
    assert ids == ["terms#fees", "terms#fees-2", "terms#fee", "terms#chlan-5", "terms#text"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (piece(LONG), piece(LONG, heading="Retention"), "old"),
        (piece(LONG), piece(LONG.replace("thirty", "sixty")), "old"),
        (piece(LONG), piece("Quite another sentence, but the only one under this heading."), "old"),
        (piece(LONG, anchor="keep"), piece(MORE, heading="New", anchor="keep"), "old"),
        (piece(LONG, anchor="keep"), piece(LONG, anchor="other"), "terms#other"),
        (piece(LONG), piece(THIRD, heading="New"), "terms#new"),
    ],
)
def test_an_id_stays_with_its_clause(before: Piece, after: Piece, expected: str) -> None:
    assert assign("terms", [after], [known("old", before)]) == [expected]


def test_a_clause_put_in_between_shifts_no_id() -> None:
    before = [piece(LONG), piece(MORE), piece(THIRD)]
    ids = assign("terms", before)
    after = [before[0], piece("Entirely new words stand here today."), before[1], before[2]]
    again = assign("terms", after, [known(each, of) for each, of in zip(ids, before, strict=True)])
    assert [again[0], again[2], again[3]] == ids
    assert again[1] not in ids


def test_ids_once_used_are_not_given_again() -> None:
    assert assign("terms", [piece("a")], taken=["terms#fees"]) == ["terms#fees-2"]


@given(
    st.lists(st.sampled_from([LONG, MORE, THIRD, "x"]), max_size=8),
    st.lists(st.sampled_from([LONG, MORE, "y"]), max_size=8),
)
def test_ids_are_unique(before: list[str], after: list[str]) -> None:
    old = [piece(text) for text in before]
    ids = assign("t", old)
    again = assign(
        "t", [piece(text) for text in after], [known(i, of) for i, of in zip(ids, old, strict=True)]
    )
    assert len(set(ids)) == len(ids)
    assert len(set(again)) == len(again)


def test_slugs() -> None:
    assert slug("Žalbe in vračila (2)") == "zalbe-in-vracila-2"
    assert slug("一二") == ""
    assert len(slug("word " * 40)) <= 48
