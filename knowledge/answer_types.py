"""What form an answer must have: a price, a time, a number, a rate, an address. A clause without it does
not answer, however near its words come.

Question words of the product's five languages, folded, so that they are matched as typed: without
diacritics, in Cyrillic or in Latin letters. A word ending in * stands for all that begin so.
"""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum

from knowledge.folding import fold
from knowledge.semantic import sentences


class AnswerType(StrEnum):
    PRICE = "price"
    TIME = "time"
    NUMBER = "number"
    RATE = "rate"
    PHONE = "phone"
    EMAIL = "email"


_ASKS: Mapping[AnswerType, str] = {
    AnswerType.PRICE: """
        how much cost*; how much pay; how much charge*; how much does; how much is; how much for; what cost;
        cost*; price*; pricing; fee; fees; koliko stane*; koliko plac*; kolk* plac*; kolk* stane*; kolk*
        pride; koliko pride; koliko me pride; kolk* me pride; stane; stanejo; stalo; cena; cene; ceno;
        cenik*; pristojbin*; doplac*; kaina*; kainos; kainuo*; kiek moke*; kiek mokesi*; kiek
        sumoke*; kiek reik* moke*; priemok*; kui palju maksa*; palju maksa*; kui palju pean; hind; hinna*;
        mis maksab; maksumus; tasu; lisatasu; struva*; kolko plasht*; kolko pari; kolko shte plat*; cena;
        cenata; ceni; taksa; taksata; taksi; doplasht*
    """,
    AnswerType.TIME: """
        how long; how soon; how fast; how quickly; how often; how many days; how many hours; how many weeks;
        how many months; how many years; what time; what date; by when; till when; until when; since when;
        deadline; koliko casa; kolk* casa; kako dolgo; kolk* dolgo; kako hitro; kolk* hitro; kako pogosto;
        kolk* pogosto; koliko dni; kolk* dni; koliko ur; kolk* ur; koliko mesecev; kolk* mesecev; koliko
        let; kdaj; kdej; kdj; rok; roku; v kolik*; datum; datuma; kiek laiko; per kiek; kaip ilgai; kaip
        greit*; kaip daznai; kiek dien*; kiek valand*; kiek menes*; kiek met*; kiek savai*; kada; iki kada;
        nuo kada; terminas; termino; kui kaua; kui kiiresti; kui ruttu; kui tihti; kui sageli; mitu paeva;
        mitme paeva; mitu tundi; mitme tunni; mitu kuud; mitme kuu; mitu aastat; mitu nadalat; kaua; millal;
        tahtaeg; mis kuupaev*; kolko vreme; kolko dalgo; kolko barzo; kolko chesto; kolko dni; kolko chas*;
        kolko mesec*; kolko godini; kolko sedmic*; za kolko; koga; dokoga; srok; srokat; na koya data; koya
        data
    """,
    AnswerType.NUMBER: """
        how many; koliko; kolk; kolko; kiek; mitu; mitme; kui palju; number of; stevilo; skaicius; broi;
        broyat
    """,
    AnswerType.RATE: """
        percent*; percentage; interest; odstot*; procent*; obresti; palukan*; protsen*; intress*; viivis*;
        lihv*
    """,
    AnswerType.PHONE: """
        phone number*; telephone number*; phone no; hotline; number to call; number to ring; can i call you;
        can i ring you; telefonsk* stevilk*; telefonsko linijo; telefono numer*; telefonu numer*; telefoni
        numb*; telefoninumb*; telefonen nomer; telefonnia nomer; telefonniya nomer; telefonna lini*
    """,
    AnswerType.EMAIL: """
        email address; e mail address; which address; what address; which email; what email; epostni naslov;
        e postni naslov; e posto; kam pis*; na kater* naslov; kateri naslov; kam naj pis*; el pasto adres*;
        kokiu adres*; kur rasyti; kam rasyti; mis aadress*; meiliaadress*; mis meil*; kuhu kirjuta*; imeil
        adres*; na kakav adres; na koi adres; kade da pisha; kam da pisha
    """,
}  # fmt: skip
_GIVES: Mapping[AnswerType, re.Pattern[str]] = {
    AnswerType.PRICE: re.compile(
        r"[€$£¥]|\b(?:eur|usd|gbp|bgn)\b|\b(?:evr|eur|dolar|dollar|dolerio|doleri|cent|лев|евро|долар|щатск)"
        r"|\b(?:brezpl|nemok|tasuta|безпл|free\b|zastonj|gratis)",
        re.I,
    ),
    AnswerType.TIME: re.compile(
        r"\b(?:day|hour|minute|week|month|year|annual|daily|immediate|promptly|monthly|instant)"
        r"|\b(?:dan\b|dne|dni|dnev|ur[aieo]?\b|urah|minut|ted[ne]|mesec|let[aiou]?\b|leti|letn|takoj|nemudoma)"
        r"|\b(?:dien|valand|minu|savait|mėnes|met[aųus]|kasdien|nedels|iškart)"
        r"|\b(?:päev|tund|tunni|minut|nädal|kuu[ds]?\b|kuu[ln]|aasta|viivitamat|kohe\b|igapäev|igakui)"
        r"|\b(?:ден|дни|дена|час|минут|седмиц|месец|годин|веднага|незабавно|ежедневн)"
        r"|\b(?:19|20)\d\d\b",
        re.I,
    ),
    AnswerType.NUMBER: re.compile(
        r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|dozen|once|twice)\b"
        r"|\b(?:en[aeo]?ga|eno|ena|dv[ae]h?|tri|treh|štiri|pet|šest|sedem|osem|devet|deset|enkrat|dvakrat)\b"
        r"|\b(?:vien|du|dvi|tr[iy]s|ketur|penk|šeš|septyn|aštuon|devyn|dešimt)"
        r"|\b(?:üks|ühe|kaks|kahe|kolm|neli|nelja|viis|viie|kuus\b|seitse|kaheksa|üheksa|kümme|kümne)"
        r"|\b(?:един|една|едно|два|две|три|четири|пет|шест|седем|осем|девет|десет)\b",
        re.I,
    ),
    AnswerType.RATE: re.compile(r"%|percent|odstot|procent|protsent|процент", re.I),
    AnswerType.PHONE: re.compile(r"(?<![\w.])[+(]?\d[\d ()/.-]{6,}\d(?!\w|\.\d)"),
    AnswerType.EMAIL: re.compile(r"[\w.+-]+@[\w-]+\.\w"),
}


def _pattern(phrases: str) -> re.Pattern[str]:
    """Return what finds any of the phrases: words in a row, a word by its beginning where it ends in *."""
    forms = [
        " ".join(re.escape(word).replace(r"\*", r"\w*") for word in phrase.split())
        for phrase in phrases.split(";")
    ]
    return re.compile(r"\b(?:" + "|".join(forms) + r")\b")


_PHRASES = {kind: _pattern(phrases) for kind, phrases in _ASKS.items()}
# "When" joins sentences more often than it asks; it asks at the beginning, before an auxiliary.
_WHEN = re.compile(
    r"(?:and |so |hi |hello )?when (?:do|does|did|is|are|was|will|would|can|could|should|must)\b"
)


def asks_for(question: str) -> frozenset[AnswerType]:
    """Return the forms that the answer to a question has; mostly none or one."""
    found: set[AnswerType] = set()
    for sentence in sentences(question):
        folded = fold(sentence, "")
        found |= {kind for kind, phrases in _PHRASES.items() if phrases.search(folded)}
        if _WHEN.match(folded):
            found.add(AnswerType.TIME)
    if len(found) > 1:
        # "How many days" asks for a time, "how much" of money for a price.
        found.discard(AnswerType.NUMBER)
    return frozenset(found)


def gives(text: str, kinds: Collection[AnswerType]) -> bool:
    """Whether a clause holds something of each of the forms."""
    return all(_GIVES[kind].search(text) for kind in kinds)
