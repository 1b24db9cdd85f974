"""What form an answer must have, by the words of the question, and whether a clause holds it."""

import pytest

from knowledge.answer_types import AnswerType, asks_for, gives

PRICE, TIME, NUMBER = AnswerType.PRICE, AnswerType.TIME, AnswerType.NUMBER
RATE, PHONE, EMAIL = AnswerType.RATE, AnswerType.PHONE, AnswerType.EMAIL


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("How much does an extra seat cost?", {PRICE}),
        ("kolk me pride en agent več", {PRICE}),
        ("Koliko stane dodatni sedež?", {PRICE}),
        ("Kiek kainuoja papildoma vieta?", {PRICE}),
        ("kui palju maksab uks lisakoht", {PRICE}),
        ("Колко струва още едно място?", {PRICE}),
        ("kolko struva oshte edno mqsto", {PRICE}),
        ("How long do you keep the logs?", {TIME}),
        ("Koliko časa hranite dnevnike?", {TIME}),
        ("kiek laiko saugote zurnalus", {TIME}),
        ("Kui kaua te logisid hoiate?", {TIME}),
        ("Колко време пазите логовете?", {TIME}),
        ("do kdaj moram placat", {TIME}),
        ("When do you send the invoice?", {TIME}),
        ("I moved in May. When will you send the invoice?", {TIME}),
        ("How many agents may use it?", {NUMBER}),
        ("Koliko agentov je v paketu?", {NUMBER}),
        ("Mitu agenti tohib olla?", {NUMBER}),
        ("How many days do I have?", {TIME}),
        ("What percentage do you charge?", {RATE}),
        ("Kakšne so zamudne obresti?", {RATE}),
        ("Is there a phone number for billing?", {PHONE}),
        ("Ali imate telefonsko številko?", {PHONE}),
        ("Koks jūsų telefono numeris?", {PHONE}),
        ("Kas teil telefoninumbrit on?", {PHONE}),
        ("Which e-mail address do I write to?", {EMAIL}),
        # A word of a form alone asks for none.
        ("When I cancel, do I lose my tickets?", set()),
        ("Do you record phone calls?", set()),
        ("Are phones numbered?", set()),
        ("Kas te kõnesid salvestate?", set()),
        ("Ali snemate klice?", set()),
        ("May I share my login?", set()),
        ("", set()),
    ],
)
def test_the_words_of_a_question_say_the_form(question: str, kinds: set[AnswerType]) -> None:
    assert asks_for(question) == kinds


@pytest.mark.parametrize(
    ("kind", "holds", "lacks"),
    [
        (PRICE, "A seat is 9 EUR.", "A seat is billed every month."),
        (PRICE, "Sedež stane 9 €.", "Sedež se zaračuna ob izteku."),
        (PRICE, "Support is free.", "Support is given by mail."),
        (TIME, "Kept for ninety days.", "Kept in a safe place."),
        (TIME, "Hranimo jih šest mesecev.", "Hranimo jih na varnem."),
        (TIME, "Saugome metus.", "Saugome saugiai."),
        (TIME, "Säilitame kaks nädalat.", "Säilitame turvaliselt."),
        (TIME, "Пазим ги една година.", "Пазим ги на сигурно място."),
        (TIME, "Valid since 2019.", "Valid for all."),
        (NUMBER, "Up to three agents.", "Agents may use it."),
        (NUMBER, "Up to 3 agents.", "Agents may use it."),
        (RATE, "Interest of 8 % a year.", "Interest is charged."),
        (PHONE, "Call +386 1 234 56 78.", "Call us on invoice 2024."),
        (PHONE, "Call (01) 234-5678.", "Call us from 9.00 to 17.00."),
        (EMAIL, "Write to privacy@example.com.", "Write to us."),
    ],
)
def test_a_clause_holds_the_form_or_lacks_it(kind: AnswerType, holds: str, lacks: str) -> None:
    assert gives(holds, [kind])
    assert not gives(lacks, [kind])


def test_of_two_forms_both_are_needed() -> None:
    assert gives("9 EUR for 30 days", [PRICE, TIME])
    assert not gives("9 EUR for a seat", [PRICE, TIME])
    assert gives("anything", [])
