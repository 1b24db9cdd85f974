"""Older encodings: told by letters and words, converted and said so, or refused where in doubt."""

from pathlib import Path

import pytest

from knowledge.errors import LoadError
from knowledge.loading import load
from knowledge.loading.code_pages import guess_page

SLOVENIAN = (
    "Naročnik lahko od pogodbe odstopi kadar koli, če to ponudniku sporoči pisno. Že plačani zneski se ne "
    "vrnejo, razen če zakon določa drugače. Pritožbo lahko pošljete na naslov, ki je naveden v tem členu."
)
LITHUANIAN = (
    "Klientas gali bet kada nutraukti sutartį, jeigu apie tai raštu praneša paslaugų teikėjui. Sumokėtos "
    "sumos negrąžinamos, nebent įstatymas numato kitaip, ir jūs galite kreiptis į mus dėl skundo per mėnesį."
)
ESTONIAN = (
    "Klient võib lepingu igal ajal üles öelda, kui ta sellest teenuse osutajale kirjalikult teatab. Juba "
    "tasutud summasid ei tagastata, kui seadus ei näe ette teisiti, ja kaebuse saab esitada meie aadressil."
)
BULGARIAN = (
    "Клиентът може да прекрати договора по всяко време, ако уведоми доставчика писмено. Платените суми не се "
    "връщат, освен ако законът не предвижда друго, и жалбата се подава на адреса, посочен в този член."
)
ENGLISH = (
    "The customer may end the agreement at any time by telling the provider in writing. Sums that were paid "
    "aren’t returned – unless the law says otherwise – and a “complaint” goes to the address in this clause."
)
POLISH = (
    "Klient może w każdej chwili rozwiązać umowę, jeżeli zawiadomi o tym usługodawcę na piśmie. Zapłacone "
    "kwoty nie są zwracane, chyba że przepisy stanowią inaczej, a skargę składa się na adres podany w umowie."
)
CZECH = (
    "Zákazník může smlouvu kdykoli ukončit, jestliže to poskytovateli oznámí písemně. Zaplacené částky se "
    "nevracejí, není-li v zákoně uvedeno jinak, a stížnost se podává na adresu, která je v tomto článku."
)
LATVIAN = (
    "Klients var jebkurā laikā izbeigt līgumu, ja par to rakstiski paziņo pakalpojuma sniedzējam. Samaksātās "
    "summas netiek atmaksātas, ja likumā nav noteikts citādi, un sūdzību var iesniegt uz šo adresi."
)
GERMAN = (
    "Der Kunde kann den Vertrag jederzeit kündigen, wenn er es dem Anbieter schriftlich mitteilt. Gezahlte "
    "Beträge werden nicht erstattet, es sei denn, das Gesetz schreibt für den Fall etwas anderes vor."
)
FRENCH = (
    "Le client peut résilier le contrat à tout moment s’il en avise le prestataire par écrit. Les sommes "
    "versées ne sont pas remboursées, sauf si la loi en dispose autrement, et vous pouvez nous écrire."
)
RUSSIAN = (
    "Заказчик может расторгнуть договор в любое время, если письменно уведомит исполнителя. Уплаченные "
    "суммы не возвращаются, если иное не предусмотрено законом, а жалоба подаётся по адресу из этого пункта."
)


def test_each_language_in_each_of_its_code_pages() -> None:
    for text, pages in (
        (SLOVENIAN, ("cp1250", "cp1257", "iso8859_2")),
        (LITHUANIAN, ("cp1257", "iso8859_13")),
        (ESTONIAN, ("cp1257", "cp1252")),
        (BULGARIAN, ("cp1251", "koi8_r", "iso8859_5")),
        (ENGLISH, ("cp1250", "cp1252", "cp1257")),
        (POLISH, ("cp1250", "iso8859_2")),
        (CZECH, ("cp1250", "iso8859_2")),
        (LATVIAN, ("cp1257",)),
        (GERMAN, ("cp1252", "cp1250")),
        (FRENCH, ("cp1252",)),
        (RUSSIAN, ("cp1251", "koi8_r")),
    ):
        for page in pages:
            found = guess_page(text.encode(page))
            assert found is not None, (page, text)
            assert text.encode(page).decode(found) == text, (page, found)


@pytest.mark.parametrize(
    ("text", "page", "name"),
    [
        (SLOVENIAN, "cp1250", "windows-1250"),
        (LITHUANIAN, "cp1257", "windows-1257"),
        (BULGARIAN, "cp1251", "windows-1251"),
    ],
)
def test_what_was_converted_is_said(tmp_path: Path, text: str, page: str, name: str) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(f"{text}\r\n".encode(page))
    source = load(file)
    assert source.text == f"{text}\n"
    assert f"read as {name}" in source.notes[0]


def test_a_text_that_is_mostly_ascii() -> None:
    plain = (
        "Ta dokument je pregleden in ga lahko berete na strani. Ne pozabite na to, da je le en del vsega. "
    )
    text = plain * 20 + "Odgovor dobite v treh dneh, razen če je praznik. " + plain * 20
    for page in ("cp1250", "cp1257"):
        found = guess_page(text.encode(page))
        assert found is not None
        assert text.encode(page).decode(found) == text


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(
            ("The office is in " + "Škofja Loka and that is all of it. " * 3).encode("cp1250"), id="name"
        ),
        pytest.param("Škofja Loka, Žalec".encode("cp1250"), id="no common words"),
        pytest.param(SLOVENIAN.encode("cp852"), id="a code page of DOS"),
        pytest.param(bytes(range(0x80, 0x100)) * 4, id="noise"),
        pytest.param("Συμφωνία και όροι της υπηρεσίας για τον πελάτη".encode("cp1253"), id="another script"),
        pytest.param("これは契約です。".encode("shift_jis") * 5, id="no 8-bit encoding"),
    ],
)
def test_in_doubt_it_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(data)
    with pytest.raises(LoadError, match="save it as UTF-8"):
        load(file)


def test_a_long_text_is_judged_whole() -> None:
    """The one place that tells the code page is far from the beginning."""
    text = "The terms of the service are in the file and you may read it. " * 20_000 + ENGLISH
    found = guess_page(text.encode("cp1252"))
    assert found is not None
    assert text.encode("cp1252").decode(found) == text
