"""Run-in headings: found where a section has a pattern, and not told twice."""

import pytest

from knowledge.clauses import split
from knowledge.run_in import Capitals, behind, labels
from knowledge.sentence_words import is_sentence

LONG = (
    "The provider keeps the data for as long as the account is open, and then for thirty days in a backup "
    "that nobody reads."
)
MORE = (
    "After that period the backup is overwritten, and no copy of the data is left with the provider or "
    "with anyone it hired."
)


def pieces(text: str, *, markdown: bool = False) -> list[tuple[tuple[str, ...], str]]:
    found = split(text, markdown=markdown, language="en")
    return [(piece.path, piece.text) for piece in found.pieces]


@pytest.mark.parametrize(
    ("paragraphs", "language", "expected"),
    [
        (("Paid months. They are not refunded at all.", "Prices and taxes. All prices are net."), "en",
         ["Paid months", "Prices and taxes"]),
        (("Handling of tax numbers If a customer has one, it is used.",
          "Changes of the invoice If a customer asks, we make another."), "en",
         ["Handling of tax numbers", "Changes of the invoice"]),
        (("2.1 Late fees. They are due with the invoice.", "2.2 Paid months. They are not refunded."), "en",
         ["2.1 Late fees", "2.2 Paid months"]),
        (("Note: this is an experiment and nothing more.", "Result: the policy is not accepted."), "en",
         ["Note", "Result"]),
        (("How do I withdraw? Send us a letter with your signature.", "Otherwise use the form."), "en",
         ["How do I withdraw?", ""]),
        (("You must be human. Robots are not allowed.", "The fee is due monthly.", "The law applies."),
         "en", ["", "", ""]),
        (("Der gesamte Vertrag Kunde zahlt monatlich.", "Der ganze Betrag Kunde haftet dafür."), "de",
         ["", ""]),
        (("Under a contract Customer pays each month here.", "In a country Customer is liable for it."), "en",
         ["", ""]),
        (("You must be human. Robots are not allowed here.", "We may close an account. You are told before."),
         "en", ["", ""]),
        (("Account costs 30 EUR. It is due with the invoice.", "Seat costs 9 EUR. It is due monthly, too."),
         "en", ["", ""]),
        (("Morate biti človek. Računi robotov niso dovoljeni.", "Račun lahko prekličete. Pišite na naslov."),
         "sl", ["", ""]),
        (("Znesek se plača vnaprej. Odvisen je od števila sedežev.", "Računov ne zapiramo. Izjem ni veliko."),
         "sl", ["", ""]),
        (("Mokesčiai neskaidomi. Išimčių čia nėra.", "Pinigai grąžinami. Tai trunka ilgai."),
         "lt", ["", ""]),
        (("Плащане и такси. Цените са без никакъв данък.", "Отказ от договор. Първо пишете ни писмо."),
         "bg", ["Плащане и такси", "Отказ от договор"]),
        (("E-mail: office@example.com", "Phone: +1 555 0100 200"), "en", ["", ""]),
        (("Example Corp. keeps the data of its customers.", "Sample d. o. o. keeps the data, too."), "en",
         ["", ""]),
    ],
)  # fmt: skip
def test_run_in_headings(paragraphs: tuple[str, ...], language: str, expected: list[str]) -> None:
    others = "It is said if a customer asks, and the Customer and the Customer, if any, and a Customer pays."
    assert labels(paragraphs, Capitals([*paragraphs, others]), language) == expected


def test_a_run_in_heading_names_the_clause_and_is_not_told_twice() -> None:
    assert pieces(f"Payment\n\nPlan changes. {LONG}\n\nTax numbers. {MORE}") == [
        (("Payment", "Plan changes"), LONG),
        (("Payment", "Tax numbers"), MORE),
    ]


def test_a_flattened_run_in_heading_is_not_told_twice() -> None:
    text = (
        "Changes\n\nPlan changes and seats If a seat is added, the fee rises at once, and the invoice tells "
        "how much of it is for the days that are left of the month.\n\nHandling of tax numbers If a customer "
        "has one, it stands on the invoice, and if it does not stand there nothing is paid back afterwards."
    )
    assert [(path, text[:9]) for path, text in pieces(text)] == [
        (("Changes", "Plan changes and seats"), "If a seat"),
        (("Changes", "Handling of tax numbers"), "If a cust"),
    ]


def test_a_led_list_under_a_run_in_heading() -> None:
    text = f"Data\n\nKinds of data. {LONG} These are:\n • name\n • address\n\nEnd of use. {MORE}"
    assert pieces(text) == [
        (("Data", "Kinds of data"), f"{LONG} These are:\n• name\n• address"),
        (("Data", "End of use"), MORE),
    ]


@pytest.mark.parametrize(
    ("heading", "paragraph", "expected"),
    [
        ("Annual credit", "Annual credit. It lasts a year.", "It lasts a year."),
        ("Annual credit", "Annual credit: it lasts a year.", "it lasts a year."),
        ("Annual credit", "ANNUAL CREDIT – It lasts a year.", "It lasts a year."),
        ("Annual credit", "Annual credit The credit lasts a year.", "The credit lasts a year."),
        ("Annual credit", "Annual credit, if it was added, lasts a year.", None),
        ("Annual credit", "Annual credit that was added lasts a year.", None),
        ("Annual credit", "Annual credits. They last a year.", None),
        ("Quality", "Quality Unit keeps the data.", None),
        ("Annual credit", "Annual credit.", None),
        ("Annual credit", "Annual credit: –", None),
        ("Who are we?", "Who are we? A company.", "A company."),
        ("", "Annual credit. It lasts a year.", None),
    ],
)
def test_a_heading_that_the_paragraph_repeats(heading: str, paragraph: str, expected: str | None) -> None:
    capitals = Capitals([paragraph, "All of the credit, and the rest."])
    assert behind(heading, paragraph, capitals, is_label=False) == (expected or paragraph)


def test_a_paragraph_that_repeats_its_section_s_heading_is_of_that_section() -> None:
    assert pieces(f"Plan changes\n\nPlan changes. {LONG}\n\nTax numbers. {MORE}") == [
        (("Plan changes",), LONG),
        (("Plan changes", "Tax numbers"), MORE),
    ]


def test_bold_labels_of_markdown() -> None:
    text = (
        f"## Data\n\n**Backups.** {LONG}\n\n**You must keep a copy.** {MORE}\n\n**What is lost?** {MORE}\n\n"
        f"{LONG}"
    )
    assert pieces(text, markdown=True) == [
        (("Data", "Backups"), LONG),
        (("Data",), f"You must keep a copy. {MORE}"),
        (("Data", "What is lost?"), MORE),
        (("Data",), LONG),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("You must be human", True),
        ("The fee is due monthly", True),
        ("Galite atšaukti sutikimą", False),
        ("Sutikimą galite atšaukti", True),
        ("Достъпът може да бъде спрян", True),
        ("Konto peab olema inimesel", True),
        ("Plan changes", False),
        ("Odpoved in prekinitev", False),
        ("Teisė prieštarauti", False),
        ("Обработка на данни", False),
        ("", False),
    ],
)
def test_sentences(text: str, sentence: bool) -> None:
    assert is_sentence(text) is sentence
