"""What brings a person, sentence by sentence: each language's words, and what only looks like them."""

import pytest

from bot.model import HandoffReason
from bot.routing.triggers import trigger

LEGAL, ANGER = HandoffReason.LEGAL_THREAT, HandoffReason.ANGER
OTHER, BEHALF = HandoffReason.THIRD_PARTY, HandoffReason.REPRESENTATIVE

SAID = {
    "en": [
        (LEGAL, "I will sue you if this is not fixed by Friday."),
        (LEGAL, "You will be hearing from my lawyer"),
        (LEGAL, "My lawyers will contact you on Monday."),
        (LEGAL, "See you in court!"),
        (LEGAL, "We are going to take legal action against your company"),
        (LEGAL, "I'm going to complain to the data protection authority about this."),
        (LEGAL, "Do I really have to sue you to get my money back?"),
        (ANGER, "This is outrageous, third time this week"),
        (ANGER, "you are useless!!!"),
        (ANGER, "I'm so angry right now. What is the notice period?"),
        (ANGER, "Worst support ever, a bunch of scammers"),
        (OTHER, "Please send me my wife's invoices."),
        (OTHER, "What is my colleague's password?"),
        (OTHER, "Show me another customer's data"),
        (BEHALF, "I am her lawyer and I am writing about her account."),
        (BEHALF, "My father died last month, how do I close his account?"),
        (BEHALF, "I'm writing on behalf of my mother, she is 84"),
        (BEHALF, "I have a power of attorney for the account owner."),
        (BEHALF, "I am the heir of the account holder."),
    ],
    "sl": [
        (LEGAL, "Tožil vas bom, če tega ne uredite."),
        (LEGAL, "Se vidimo na sodišču!"),
        (LEGAL, "Slišali boste od mojega odvetnika."),
        (LEGAL, "Zadevo bomo predali našemu odvetniku"),
        (LEGAL, "Pritožila se bom informacijskemu pooblaščencu."),
        (ANGER, "To je nezaslišano, že tretjič isto!"),
        (ANGER, "Zelo sem jezna, kako dolgo še?"),
        (ANGER, "prevaranti ste"),
        (ANGER, "Obupna podpora, sram vas bodi"),
        (OTHER, "Pošljite mi račune moje žene."),
        (OTHER, "Povejte mi geslo mojega sodelavca"),
        (OTHER, "Pokažite mi podatke druge stranke."),
        (BEHALF, "Sem njen odvetnik in pišem glede računa."),
        (BEHALF, "Moj oče je umrl, kako zaprem njegov račun?"),
        (BEHALF, "Pišem v imenu svoje mame"),
        (BEHALF, "Imam pooblastilo lastnika računa."),
        (BEHALF, "Kot dedinja po lastniku zahtevam izpis."),
    ],
    "lt": [
        (LEGAL, "Paduosiu jus į teismą, jei nesutvarkysite."),
        (LEGAL, "Pasimatysime teisme!"),
        (LEGAL, "Mano advokatas su jumis susisieks."),
        (LEGAL, "Skųsiuosi duomenų apsaugos inspekcijai"),
        (LEGAL, "Imsimės teisinių veiksmų prieš jūsų įmonę."),
        (ANGER, "Kokia nesąmonė, jau trečias kartas"),
        (ANGER, "Esu labai piktas, kada grąžinsite pinigus?"),
        (ANGER, "jūs sukčiai"),
        (ANGER, "Siaubingas aptarnavimas, gėda jums!"),
        (OTHER, "Atsiųskite man mano žmonos sąskaitas."),
        (OTHER, "Pasakykite mano kolegos slaptažodį"),
        (OTHER, "Parodykite kito kliento duomenis."),
        (BEHALF, "Esu jos advokatas ir rašau dėl paskyros."),
        (BEHALF, "Mano tėvas mirė, kaip uždaryti jo paskyrą?"),
        (BEHALF, "Rašau savo mamos vardu"),
        (BEHALF, "Turiu paskyros savininko įgaliojimą."),
        (BEHALF, "Esu paveldėtoja, noriu sužinoti, kas bus su paskyra."),
    ],
    "et": [
        (LEGAL, "Kaeban teid kohtusse, kui te seda ei paranda."),
        (LEGAL, "Kohtus näeme!"),
        (LEGAL, "Minu advokaat võtab teiega ühendust."),
        (LEGAL, "Esitan kaebuse Andmekaitse Inspektsioonile"),
        (LEGAL, "Pöördume selle asjaga kohtusse."),
        (ANGER, "See on skandaal, juba kolmas kord"),
        (ANGER, "Olen väga vihane, millal te raha tagastate?"),
        (ANGER, "te olete petturid"),
        (ANGER, "Kohutav teenindus, häbi teile!"),
        (OTHER, "Saatke mulle minu naise arved."),
        (OTHER, "Öelge mulle minu kolleegi parool"),
        (OTHER, "Näidake mulle teise kliendi andmeid."),
        (BEHALF, "Olen tema advokaat ja kirjutan konto asjus."),
        (BEHALF, "Minu isa suri, kuidas ma tema konto sulgen?"),
        (BEHALF, "Kirjutan oma ema nimel"),
        (BEHALF, "Mul on konto omaniku volikiri."),
        (BEHALF, "Olen pärija ja soovin konto kohta selgust."),
    ],
    "bg": [
        (LEGAL, "Ще ви съдя, ако не го оправите."),
        (LEGAL, "Ще се видим в съда!"),
        (LEGAL, "Адвокатът ми ще се свърже с вас."),
        (LEGAL, "Ще подам жалба в КЗЛД"),
        (LEGAL, "shte vi sudq"),
        (ANGER, "Това е безобразие, за трети път!"),
        (ANGER, "Много съм ядосан, кога ще върнете парите?"),
        (ANGER, "мошеници"),
        (ANGER, "Ужасно обслужване, засрамете се"),
        (OTHER, "Изпратете ми фактурите на жена ми."),
        (OTHER, "Кажете ми паролата на колегата ми"),
        (OTHER, "Покажете ми данните на друг клиент."),
        (BEHALF, "Аз съм неин адвокат и пиша за акаунта."),
        (BEHALF, "Баща ми почина, как да закрия акаунта му?"),
        (BEHALF, "Пиша от името на майка ми"),
        (BEHALF, "Имам пълномощно от собственика на акаунта."),
        (BEHALF, "Като наследник искам да знам какво става с акаунта."),
    ],
}

NOT_SAID = {
    "en": [
        "Can a lawyer of my company be added as an agent?",
        "Where do I complain to the authority?",
        "How can I complain to the data protection authority?",
        "Which court is competent if I wanted to sue you?",
        "I watched The Heir last night, great film",
        'Our article is titled "My father died" and it does not open',
        "I am angry at myself for missing the deadline",
        "What do you do about angry customers?",
        "A customer wrote that this is outrageous, can I hide it?",
        "We are a law firm with ten agents; which plan fits?",
        "I am a lawyer, what does the liability clause mean?",
        "As a parent I worry about what data you collect",
        "How do you protect my customers' data?",
        "Send me my invoices, please",
        "Do I need a power of attorney to sign the DPA?",
        "I'm writing on behalf of my company",
        "My phone died, how do I sign in?",
        "I am not going to sue you, I only want an answer",
        "What is the governing law and which court decides?",
        "Give my colleagues access to the account",
    ],
    "sl": [
        "Ali lahko odvetnika svojega podjetja dodam kot agenta?",
        "Kje se lahko pritožim pri informacijskem pooblaščencu?",
        "Katero sodišče je pristojno za spore?",
        "Sinoči sem gledal film Dedič",
        "Jezen sem sam nase, ker sem zamudil rok",
        "Kako naj odgovorimo, če je stranka jezna?",
        "Stranka je napisala, da je to škandal",
        "Smo odvetniška pisarna z desetimi agenti",
        "Sem odvetnica, kaj pomeni člen o odgovornosti?",
        "Kot starš me skrbi, katere podatke zbirate",
        "Kako varujete podatke naših strank?",
        "Pošljite mi moje račune, prosim",
        "Ali potrebujem pooblastilo za podpis pogodbe?",
        "Pišem v imenu našega podjetja",
        "Telefon je umrl, kako se prijavim?",
        "Ne bom vas tožil, želim le odgovor",
    ],
    "lt": [
        "Ar galiu pridėti savo įmonės advokatą kaip agentą?",
        "Kur galiu skųstis duomenų apsaugos inspekcijai?",
        "Kuris teismas sprendžia ginčus?",
        "Vakar žiūrėjau filmą „Įpėdinis“",
        "Esu piktas ant savęs, kad praleidau terminą",
        "Ką daryti, jei klientas piktas?",
        "Klientas parašė, kad tai skandalas",
        "Esame advokatų kontora su dešimt agentų",
        "Esu advokatė, ką reiškia atsakomybės punktas?",
        "Kaip tėvas nerimauju, kokius duomenis renkate",
        "Kaip saugote mūsų klientų duomenis?",
        "Atsiųskite man mano sąskaitas",
        "Ar reikia įgaliojimo sutarčiai pasirašyti?",
        "Rašau savo įmonės vardu",
        "Telefonas mirė, kaip prisijungti?",
        "Nesikreipsiu į teismą, noriu tik atsakymo",
    ],
    "et": [
        "Kas ma saan oma ettevõtte advokaadi agendina lisada?",
        "Kuhu ma saan kaevata, kas Andmekaitse Inspektsioonile?",
        "Milline kohus lahendab vaidlusi?",
        "Vaatasin eile filmi Pärija",
        "Olen vihane enda peale, et tähtaja maha magasin",
        "Mida teha, kui klient on vihane?",
        "Klient kirjutas, et see on skandaal",
        "Oleme advokaadibüroo kümne agendiga",
        "Olen jurist, mida vastutuse punkt tähendab?",
        "Lapsevanemana huvitab mind, milliseid andmeid te kogute",
        "Kuidas te meie klientide andmeid kaitsete?",
        "Saatke mulle minu arved",
        "Kas lepingu allkirjastamiseks on volikirja vaja?",
        "Kirjutan meie ettevõtte nimel",
        "Telefon suri, kuidas ma sisse login?",
        "Ma ei kaeba teid kohtusse, tahan ainult vastust",
    ],
    "bg": [
        "Може ли адвокатът на фирмата ми да бъде добавен като агент?",
        "Къде мога да се оплача, в КЗЛД ли?",
        "Кой съд решава споровете?",
        "Снощи гледах филма Наследник",
        "Ядосан съм на себе си, че пропуснах срока",
        "Какво правите с ядосани клиенти?",
        "Клиент написа, че това е безобразие",
        "Ние сме адвокатска кантора с десет агенти",
        "Адвокат съм по професия, какво значи клаузата за отговорност?",
        "Като родител се тревожа какви данни събирате",
        "Как пазите данните на нашите клиенти?",
        "Изпратете ми моите фактури",
        "Трябва ли пълномощно, за да подпиша договора?",
        "Пиша от името на нашата фирма",
        "Телефонът почина, как да вляза?",
        "Няма да ви съдя, искам само отговор",
    ],
}


@pytest.mark.parametrize(
    ("language", "reason", "text"), [(code, *row) for code, rows in SAID.items() for row in rows]
)
def test_it_brings_a_person(language: str, reason: HandoffReason, text: str) -> None:
    assert trigger(text, language) is reason


@pytest.mark.parametrize(
    ("language", "text"), [(code, row) for code, rows in NOT_SAID.items() for row in rows]
)
def test_it_only_looks_like_it(language: str, text: str) -> None:
    assert trigger(text, language) is None


@pytest.mark.parametrize("text", ["", "???", "> I will sue you", "12345", "a" * 20_000])
def test_nothing_of_the_senders_own_brings_nobody(text: str) -> None:
    assert trigger(text, None) is None


def test_the_gravest_reason_counts() -> None:
    assert trigger("This is outrageous. My father died. I will sue you.", "en") is LEGAL
