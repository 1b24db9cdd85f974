"""Folding and lemmas: what a customer types meets what a document says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import lemmas
from knowledge.folding import fold, fold_word, words


@pytest.mark.parametrize(
    ("typed", "written", "language"),
    [
        ("RACUN", "račun", "sl"),
        ("saskaita", "sąskaita", "lt"),
        ("oigus", "Õigus", "et"),
        ("strasse", "Straße", "de"),
        ("i̇stanbul", "İstanbul", "tr"),
    ],
)
def test_case_and_diacritics_do_not_matter(typed: str, written: str, language: str) -> None:
    assert fold_word(typed, language) == fold_word(written, language)


@pytest.mark.parametrize(
    ("latin", "cyrillic"),
    [
        ("molq", "моля"),
        ("molya", "моля"),
        ("molia", "моля"),
        ("faktura", "фактура"),
        ("plashtane", "плащане"),
        ("pla6tane", "плащане"),
        ("otkaz", "отказ"),
        ("vryshtane", "връщане"),
        ("vrashtane", "връщане"),
        ("vrushtane", "връщане"),
        ("4ovek", "човек"),
        ("chovek", "човек"),
        ("dannite", "данните"),
        ("zhalba", "жалба"),
        ("jalba", "жалба"),
        ("tsena", "цена"),
        ("cena", "цена"),
        ("whod", "вход"),
        ("klyuch", "ключ"),
        ("moj", "мой"),
        ("moy", "мой"),
        ("moi", "мой"),
        ("shte", "ще"),
    ],
)
def test_bulgarian_in_latin_letters_meets_cyrillic(latin: str, cyrillic: str) -> None:
    assert fold_word(latin, "bg") == fold_word(cyrillic, "bg")


def test_different_bulgarian_words_stay_different() -> None:
    told = [
        "моля",
        "фактура",
        "отказ",
        "данни",
        "жалба",
        "цена",
        "вход",
        "ключ",
        "човек",
        "плащане",
        "връщане",
        "акаунт",
        "парола",
    ]
    assert len({fold_word(word, "bg") for word in told}) == len(told)


def test_latin_spelling_rules_are_for_bulgarian_alone() -> None:
    assert fold_word("why", "en") == "why"
    assert fold_word("4ever", "en") == "4ever"


def test_words_keep_numbers_and_leave_marks() -> None:
    assert words("Plan (29 €), don't pay: e-mail!") == ["Plan", "29", "don't", "pay", "e", "mail"]
    assert fold("Če Želite, 15 dni", "sl") == "ce zelite 15 dni"


@given(st.text(), st.sampled_from(["en", "bg", "sl", "xx"]))
def test_any_text_folds(text: str, language: str) -> None:
    folded = fold(text, language)
    assert folded == folded.strip()
    assert all(word for word in folded.split(" ")) or folded == ""


@pytest.mark.parametrize(
    ("word", "language", "base"),
    [
        ("invoices", "en", "invoice"),
        ("računi", "sl", "račun"),
        ("klientai", "lt", "klientas"),
        ("фактури", "bg", "фактура"),
        ("Invoices", "en", "invoice"),
        ("lepinguga", "et", "leping"),
    ],
)
def test_lemmas(word: str, language: str, base: str) -> None:
    assert lemmas.lemma(word, language) == base


def test_a_language_without_lemmas_keeps_its_words() -> None:
    assert "xx" not in lemmas.languages_with_lemmas()
    assert lemmas.lemma("Words", "xx") == "words"
    lemmas.warm(["xx", "en"])
