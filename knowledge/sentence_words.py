"""Words of sentences that no title has: "You must be human." is a rule, "Plan changes." is a heading.

Personal pronouns at the beginning, auxiliary verbs in the forms that rules are written in, negations, and
the endings of "we do so". They are evidence against a title only: a title missed stays in its text, a rule
taken for a title would leave it. Words that merely join others in another language are left out.
"""

import re

_WORD = re.compile(r"[^\W\d_]+")

_SUBJECTS = """
    we you it they he she mi vi вие ние mes jūs mēs meie teie me te vy wy oni мы вы они ви
    wir sie er es nous vous elle nosotros usted ustedes noi voi nós você wij zij du det
"""
_AUXILIARIES = """
    is are was were be been must may can cannot shall should will would has have does
    je sta bo bodo lahko mora morate moramo smete sme smo ste niso imate imamo jesu nije može možete
    мора може можете можем могат трябва ще сте сме няма имате имаме
    yra nėra bus galite galima gali turite turi privalo privalote drīkst var jābūt
    ei võib võite võime peab peame peate tuleb saab saate oleme olete tohi
    jsou jsme jste lze musí musíte můžete může môžete môže budú bude sú są jest można może możesz musisz
    является можно можете может должен должны будет повинні можуть
    ist sind wird werden kann können muss müssen darf dürfen haben hat
    est sont peut peuvent doit doivent pouvez devez sera es puede pueden debe deben será
    può possono deve devono sono sarà pode podem devem são poate trebuie sunt
    ne ni se nie się sa се не not nicht pas нет
    lehet kell kan kunnen moet moeten mag zijn skal ska måste får ovat voit pitää täytyy
"""
# Of Baltic languages also the passive, in which their rules are written.
_ENDINGS = {
    "sl": ("mo",), "hbs": ("mo",), "hr": ("mo",), "sr": ("mo", "мо"), "bs": ("mo",), "mk": ("ме",),
    "bg": ("ме",), "cs": ("me",), "sk": ("me",), "pl": ("my",), "ru": ("ем", "им"), "et": ("me", "takse"),
    "fi": ("mme",), "lt": ("me", "ami", "omi", "imi", "iama", "oma"), "it": ("iamo",), "es": ("mos",),
    "pt": ("mos",),
}  # fmt: skip
_LEAST = 5
_OPENS = frozenset(_SUBJECTS.split())
_RULES = frozenset(_AUXILIARIES.split())


def is_sentence(text: str, language: str = "") -> bool:
    """Whether a word shows that a text is a sentence. Without such a word it may still be one."""
    words = [word.casefold() for word in _WORD.findall(text)]
    if not words:
        return False
    endings = _ENDINGS.get(language, ())
    ruled = any(len(word) >= _LEAST and word.endswith(endings) for word in words)
    return ruled or words[0] in _OPENS or not _RULES.isdisjoint(words[1:])
