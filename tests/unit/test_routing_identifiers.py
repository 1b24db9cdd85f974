"""Addresses, codes, VAT ids and labelled details in customers' words."""

import pytest

from bot.routing.identifiers import find_code, find_email, labelled_details, vat_candidates


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ana.Novak@lipa-doo.si", "ana.novak@lipa-doo.si"),
        ("pišite na ana@lipa.si, hvala", "ana@lipa.si"),
        ("<bob+billing@mail.example.co.uk>.", "bob+billing@mail.example.co.uk"),
        ("no address here", None),
        ("a@b", None),
        ("@handle and me@", None),
    ],
)
def test_an_address_is_found_without_what_surrounds_it(text: str, found: str | None) -> None:
    assert find_email(text) == found


@pytest.mark.parametrize(
    "text", ["123456", " 123 456 ", "code: 123456", "my code is 123-456 thanks", "koda je 123456."]
)
def test_a_code_is_a_message_that_is_hardly_more(text: str) -> None:
    assert find_code(text) == "123456"


@pytest.mark.parametrize(
    "text",
    ["12345", "1234567", "123456 654321", "+386 123456",
     "please change invoice 123456 to our new company name",
     "123456 and 20 euros", "", "x" * 100 + " 123456"],
)  # fmt: skip
def test_other_numbers_are_no_code(text: str) -> None:
    assert find_code(text) is None


def test_vat_ids_are_read_with_spaces_and_in_either_case() -> None:
    text = "SI12345678, LT 100001919017; ee 101 234 567 or ATU12345678, but not it at 12 or SI123"
    assert vat_candidates(text) == ("SI12345678", "LT100001919017", "EE101234567", "ATU12345678")


@pytest.mark.parametrize(
    ("text", "company", "address", "vat_id"),
    [
        ("company: Lipa d.o.o., address: Glavna 1, 1000 Ljubljana, VAT: SI 12345678",
         "Lipa d.o.o.", "Glavna 1, 1000 Ljubljana", "SI12345678"),
        ("Podjetje: Lipa d.o.o.\nNaslov: Glavna 1\nID za DDV: SI12345678",
         "Lipa d.o.o.", "Glavna 1", "SI12345678"),
        ("Įmonės pavadinimas: UAB Ąžuolas; Adresas: Beržų 1, Vilnius; PVM kodas: LT100001919017",
         "UAB Ąžuolas", "Beržų 1, Vilnius", "LT100001919017"),
        ("Ettevõtte nimi: Tamm OÜ\nAadress: Pikk 3, Tallinn\nKMKR: EE101234567",
         "Tamm OÜ", "Pikk 3, Tallinn", "EE101234567"),
        ("Име на фирмата: Бряст ООД, Адрес: ул. Липа 3, София, ДДС номер: BG 123456789",
         "Бряст ООД", "ул. Липа 3, София", "BG123456789"),
    ],
)  # fmt: skip
def test_labelled_details_are_read_in_five_languages(
    text: str, company: str, address: str, vat_id: str
) -> None:
    assert labelled_details(text) == {"company": company, "address": address, "vat_id": vat_id}


def test_only_what_is_labelled_is_taken() -> None:
    assert labelled_details("our new address: 5 High Street.") == {"address": "5 High Street"}
    assert labelled_details("SI12345678") == {"vat_id": "SI12345678"}
    assert labelled_details("SI12345678 or LT100001919017") == {}
    assert labelled_details("the company moved to a new address") == {}
    assert labelled_details("") == {}


def test_a_vat_id_without_its_country_is_kept_for_the_check_to_judge() -> None:
    assert labelled_details("VAT: 1234 5678") == {"vat_id": "12345678"}
