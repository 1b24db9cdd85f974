"""What a language's written text shows of itself: letters beyond a-z, and words that every text has."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Alphabet:
    """`pages` are the code pages that its texts came in, the usual one first."""

    language: str
    pages: tuple[str, ...]
    letters: frozenset[str]
    words: frozenset[str]


_CENTRAL = ("cp1250", "iso8859_2")
_BALTIC = ("cp1257", "iso8859_13")
_WESTERN = ("cp1252",)
_CYRILLIC = ("cp1251", "koi8_r", "iso8859_5", "cp866")

_ROWS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    (
        "en",
        (*_WESTERN, *_CENTRAL, *_BALTIC),
        "",
        "the of and to in is or you your for by that be not on are with this any may",
    ),
    (
        "sl",
        (*_CENTRAL, *_BALTIC),
        "čšž",
        "in je se za na ki da so ne po ali pri od do če bo iz to lahko pa kot tudi v s z ter ni le naj vse",
    ),
    (
        "hr",
        _CENTRAL,
        "čćđšž",
        "i je se za na da su ne po ili od do iz u koje koji koja ako kao s te može nije biti ova će što",
    ),
    (
        "sk",
        _CENTRAL,
        "áäčďéíĺľňóôŕšťúýž",
        "a je sa na v vo do že s so nie alebo ako pre z zo po od pri sú môže ktoré ktorý podľa bude za",
    ),
    (
        "cs",
        _CENTRAL,
        "áčďéěíňóřšťúůýž",
        "a je se na v ve do že s není nebo jako pro z ze po od při jsou může které který podle bude za o k",
    ),
    (
        "pl",
        _CENTRAL,
        "ąćęłńóśźż",
        "i w z na do nie się jest lub oraz o po od za dla przez przy że może które który są w jego",
    ),
    (
        "hu",
        _CENTRAL,
        "áéíóöőúüű",
        "a az és is hogy nem vagy egy ha meg ez azt ki be de csak kell lehet minden által szerint",
    ),
    (
        "ro",
        _CENTRAL,
        "ăâîşţ",
        "şi de la în cu pe a al ale nu sau este din pentru să care o un prin sunt fi se va",
    ),
    (
        "lt",
        _BALTIC,
        "ąčęėįšųūž",
        "ir yra kad ar arba su be iki po prie per iš į už dėl apie jei jūs jūsų mes jums mums ne nuo pagal "
        "kaip gali bus",
    ),
    (
        "lv",
        _BALTIC,
        "āčēģīķļņšūž",
        "un ir no ar par uz ka vai kas lai pie pēc bez ja nav var tiek līdz jūs mēs jūsu to šo būs",
    ),
    (
        "et",
        (*_BALTIC, *_WESTERN),
        "äõöüšž",
        "ja on ei et kui või ning see mis oma ka kes meie teie te me selle seda peab võib saab oleme ole "
        "kuni pärast enne",
    ),
    (
        "fi",
        (*_WESTERN, *_BALTIC),
        "äöå",
        "ja on ei että tai se jos kun ovat joka voi myös ole sen tämä niin kuin mutta",
    ),
    ("sv", _WESTERN, "äöåé", "och i att det som en är för av till på med inte eller om den vi du ett kan"),
    (
        "de",
        (*_WESTERN, *_CENTRAL, *_BALTIC),
        "äöüß",
        "der die und das in zu den von mit ist für auf des nicht ein eine oder sie dem im",
    ),
    (
        "fr",
        _WESTERN,
        "àâæçéèêëîïôœùûüÿ",
        "de la le les et des en un une du est que pour dans par ou sur au vous nous ne pas qui à",
    ),
    (
        "it",
        _WESTERN,
        "àèéìíòóùú",
        "di e il la che in per un una del della non con è o le i da al si dei sono",
    ),
    ("es", _WESTERN, "áéíñóúü", "de la el y en que los las del un una por con para no se o es su al"),
    ("pt", _WESTERN, "àáâãçéêíóôõúü", "de a o e que do da em um uma para os as não por com ou se no na é"),
    (
        "bg",
        _CYRILLIC,
        "абвгдежзийклмнопрстуфхцчшщъьюяѝ",
        "и на за от да се с в не по или са при без до ще че това като ви ни е може след",
    ),
    (
        "mk",
        _CYRILLIC,
        "абвгдѓежзѕијклљмнњопрстќуфхцчџшѐѝ",
        "и на за од да се со во не по или при без до ќе дека ова како е може",
    ),
    (
        "sr",
        _CYRILLIC,
        "абвгдђежзијклљмнњопрстћуфхцчџш",
        "и на за од да се са у не по или при без до ће ово као је може су",
    ),
    (
        "ru",
        _CYRILLIC,
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "и на в не с по для или что от к при из за до о это как его если",
    ),
    (
        "uk",
        _CYRILLIC,
        "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
        "і на в не з по для або що від до при за у це як та його якщо про",
    ),
)

ALPHABETS = tuple(
    Alphabet(language, pages, frozenset(letters), frozenset(words.split()))
    for language, pages, letters, words in _ROWS
)
