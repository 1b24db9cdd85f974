"""No message that is not a request for it starts cancel_account, in any of the five languages."""

import json
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import LANGUAGES
from bot.model import IntentKind
from bot.routing.router import RuleRouter

CASES = Path(__file__).parents[1] / "routing_cases.jsonl"
REQUESTS = [
    (row["lang"], row["text"])
    for row in map(json.loads, CASES.read_text(encoding="utf-8").splitlines())
    if row["intent"] == "cancel_account"
]
ROUTER = RuleRouter()

# What is asked for, in the form that follows "I want to", and the ways of speaking of it without asking.
ACTS = {
    "en": (
        "close my account",
        "cancel our subscription",
        "delete my account",
        "terminate the contract",
        "cancel my plan",
    ),
    "sl": (
        "zapreti računa",
        "zapreti moj račun",
        "odpovedati naročnino",
        "ukiniti naš račun",
        "prekiniti pogodbo",
    ),
    "lt": (
        "uždaryti paskyrą",
        "uždaryti mano paskyros",
        "nutraukti sutartį",
        "atsisakyti prenumeratos",
        "ištrinti paskyrą",
    ),
    "et": (
        "kontot sulgeda",
        "minu kontot kustutada",
        "lepingut lõpetada",
        "tellimust tühistada",
        "konto sulgeda",
    ),
    "bg": (
        "закрия акаунта си",
        "прекратя абонамента",
        "изтрия акаунта ми",
        "откажа плана",
        "zakriq akaunta si",
    ),
}
NOT_ASKING = {
    "en": (
        "I do not want to {}",
        "I don't want to {}, thanks",
        "please never {}",
        "please do not {}",
        "what happens if I {}?",
        "what happens if I {}",
        "how do I {}?",
        "can I {}?",
        "may my colleague {}?",
        "my boss wants to {}",
        "if this goes on I want to {}",
        "repair it or {}",
        "I am thinking about whether to {}",
        "I asked you to {} on Monday",
        "who may {}?",
        "maybe I want to {}",
        "I would like to know how to {}",
        "should I {}?",
        "he said I want to {}",
        '"{}"',
        "> {}",
        'what does the button "{}" do?',
        "I want to {}. No, I don't.",
        "I want to {}... just kidding",
    ),
    "sl": (
        "nočem {}",
        "ne želim {}",
        "kaj se zgodi, če hočem {}?",
        "kako {}?",
        "a lahko sodelavec želi {}?",
        "šef želi {}",
        "če ne bo bolje, hočem {}",
        "mogoče želim {}",
        "v ponedeljek sem vas prosil {}",
        "rad bi vedel, kako {}",
        "razmišljam, da bi rad {}",
        "kdo sme {}?",
        '"Želim {}"',
        "> želim {}",
        "Želim {}. Ne, nočem.",
    ),
    "lt": (
        "nenoriu {}",
        "nenorėčiau {}",
        "kas bus, jei noriu {}?",
        "kaip {}?",
        "ar galiu {}?",
        "kolega nori {}",
        "jei nepataisysite, noriu {}",
        "galbūt noriu {}",
        "pirmadienį prašiau {}",
        "norėčiau sužinoti, kaip {}",
        "svarstau, ar noriu {}",
        "kas gali {}?",
        '"Noriu {}"',
        "> noriu {}",
        "Noriu {}. Ne, nereikia.",
    ),
    "et": (
        "ma ei taha {}",
        "ei soovi {}",
        "mis juhtub, kui soovin {}?",
        "kuidas {}?",
        "kas ma saan {}?",
        "kolleeg soovib {}",
        "kui te seda ei paranda, soovin {}",
        "võib-olla soovin {}",
        "esmaspäeval palusin {}",
        "tahan teada, kuidas {}",
        "kaalun, kas soovin {}",
        "kes võib {}?",
        '"Soovin {}"',
        "> soovin {}",
        "Soovin {}. Ei, ärge.",
    ),
    "bg": (
        "не искам да {}",
        "не бих искал да {}",
        "какво става, ако искам да {}?",
        "как да {}?",
        "мога ли да {}?",
        "ако не го оправите, искам да {}",
        "може би искам да {}",
        "в понеделник поисках да {}",
        "искам да знам как да {}",
        "мисля дали искам да {}",
        "кой може да {}?",
        "„Искам да {}“",
        "> искам да {}",
        "Искам да {}. Не, недейте.",
        "ne iskam da {}",
    ),
}
# Around a whole sentence that asks; the languages mix, as they do when somebody forwards a text.
AROUND = (
    'What happens if I write "{}"?', 'My colleague wrote "{}"', "My boss said: {}", "What does this mean: {}",
    "Please do not do this: {}", "If the price goes up: {}", "-------- Forwarded message --------\n{}",
    "From: Ana\n{}", "> {}", "Kaj pomeni „{}“?", "Šef pravi: {}", "Ką reiškia „{}“?", "Vadovas sako: {}",
    "Mida tähendab „{}“?", "Ülemus ütles: {}", "Какво значи „{}“?", "Шефът каза: {}",
)  # fmt: skip


def starts(text: str, language: str | None) -> bool:
    return ROUTER.route(text, language).kind is IntentKind.CANCEL_ACCOUNT


@pytest.mark.parametrize("language", LANGUAGES)
def test_speaking_of_it_is_not_asking_for_it(language: str) -> None:
    said = [frame.format(act) for frame, act in product(NOT_ASKING[language], ACTS[language])]
    assert [text for text in said if starts(text, language) or starts(text, None)] == []


@pytest.mark.parametrize("frame", AROUND)
def test_a_quoted_reported_or_forwarded_request_is_not_the_sender_s(frame: str) -> None:
    said = [(language, frame.format(text)) for language, text in REQUESTS]
    assert [text for language, text in said if starts(text, language) or starts(text, None)] == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "cancel my last message"),
        ("en", "please cancel that request"),
        ("en", "cancel the deletion of my account"),
        ("en", "please close this ticket"),
        ("en", "remove Bob's account please"),
        ("en", "do not pause, cancel or delete my account"),
        ("en", "do not, under any circumstances, close our account"),
        ("en", "fix it or close my account"),
        ("en", "can you close my account without notice?"),
        ("en", "please delete my account password"),
        ("sl", "prekličite zaprtje mojega računa"),
        ("sl", "prekličite naročnino na novice"),
        ("sl", "prosim, prekličite račun št. 55"),
        ("lt", "prašau neuždarykite mano paskyros"),
        ("lt", "atšaukite paskyros uždarymą"),
        ("lt", "nestabdykite, nenutraukite ir netrinkite paskyros"),
        ("et", "tühistage konto sulgemine"),
        ("et", "ärge peatage, lõpetage ega kustutage kontot"),
        ("et", "ma ei soovi, et te mu konto sulgeksite"),
        ("bg", "отменете закриването на акаунта ми"),
        ("bg", "ne zatvarqite akaunta mi"),
        ("bg", "не спирайте, закривайте или изтривайте акаунта"),
    ],
)
def test_other_objects_and_longer_noes_start_nothing(language: str, text: str) -> None:
    assert not starts(text, language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "No, no cheaper plan. Just cancel my subscription."),
        ("en", "I have an account with you. Please close it."),
        ("en", "If possible, please close our account today"),
        ("sl", "Ne uporabljamo več, zaprite račun."),
        ("lt", "Kito plano nereikia, tiesiog nutraukite prenumeratą"),
        ("et", "Me enam ei kasuta, sulgege konto."),
        ("bg", "molq zatvorete mi akaunta"),
        ("bg", "моля закрийте ми акаунта, ако е възможно днес"),
    ],
)
def test_a_no_to_something_else_does_not_hide_the_request(language: str, text: str) -> None:
    assert starts(text, language)


@given(
    st.sampled_from(REQUESTS),
    st.sampled_from(
        ["I do not want this: ", "What happens if I say: ", "My colleague asks: ", "Never do this: "]
    ),
    st.text(alphabet="abc de,", max_size=20),
)
@settings(max_examples=150, deadline=None)
def test_no_preface_of_refusal_lets_a_request_through(
    request: tuple[str, str], preface: str, noise: str
) -> None:
    language, text = request
    assert not starts(f"{preface}{noise.replace(',', ' ')} {text}", "en")
    assert not starts(f"{preface}{text}", language)
