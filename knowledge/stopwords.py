"""Words that carry no subject: they count little in a question, and never make a clause its answer.

A small library cannot learn this from its own counts. Legal prose hardly ever asks, so "kdaj" or "how"
would look like a rare and telling word. Greetings are here because customers begin with them.
"""

from collections.abc import Iterable
from functools import lru_cache

from knowledge.folding import fold_word

WEIGHT = 0.5

_WORDS = {
    "en": """
        a an the and or but if so than that this these those there here of in on at to for from by with
        without about as into over under after before during between through it its i me my mine we us
        our ours you your yours he she him his her hers they them their theirs who whom whose which what
        when where why how is are was were be been being am do does did done have has had can could will
        would shall should may might must not no nor yes just also too very much many more most some any
        each every other such only own same then now again still even ever never one get got go let want
        need please hi hello hey thanks thank ok well really kind sort thing things something anything
        someone anyone dont doesnt cant isnt im ive id
    """,
    "sl": """
        a ali in ter pa ampak toda če ce ko da saj ker kot kakor naj bi sem si je smo ste so sta bil
        bila bilo bili bom boš bo bomo boste bodo biti ni nisem nisi nismo niste niso ne ja na v s z k h
        o ob od do iz za po pri pred nad pod med brez čez zaradi jaz ti on ona ono mi vi oni me te ga jo
        jih mu ji jim nas vas nam vam meni tebi moj moja moje tvoj tvoja naš naša naše vaš vaša vaše
        svoj svoja svoje ta to tega temu tem kdo kaj koga komu kateri katera katero kje kam kdaj kako
        zakaj koliko kolikšen lahko moram mora moramo morate imam ima imamo imate imajo se sebi tudi še
        že le samo zelo več manj nekaj nič vse vsi vsak tako potem zdaj tukaj tam prosim hvala živjo
        pozdravljeni zdravo lep pozdrav kak kakšen kakšna kakšno rad rada
    """,
    "lt": """
        ir o bet ar arba jei jeigu kad kaip kai nes tai tas ta tie tos šis ši šie šios tą to tuo toks
        tokia aš tu jis ji mes jūs jie jos mane tave jį ją mus jus juos jas man tau jam jai mums jums
        jiems mano tavo jo mūsų jūsų savo yra esu esi esame esate buvo bus būti nėra ne taip į iš su be
        ant po prie prieš per už nuo iki dėl apie pagal tarp kas ką kam kuo kur kada kodėl kiek kuris
        kuri kurie kurios kurį koks kokia kokie kokios galiu gali galima galime galite turiu turi turime
        turite reikia noriu norime dar jau tik tiktai labai daugiau mažiau kažkas nieko viskas visi visa
        kiekvienas pat irgi taigi dabar tada čia ten prašau ačiū sveiki labas laba diena
    """,
    "et": """
        ja või aga kui et sest kas kes mis mida mille millest millal kus kuhu kust kuidas miks palju
        mitu milline millised missugune ma mina sa sina ta tema me meie te teie nad nemad mind sind teda
        meid teid neid mul sul tal meil teil neil mulle sulle talle meile teile neile minu sinu oma see
        seda selle sellest need nende too on olen oled oleme olete oli olid olla pole ei jah ka veel
        juba ainult vaid väga rohkem vähem midagi keegi kõik iga ise siis nüüd siin seal saan saab saame
        saate saada võin võib võime võite pean peab peame peate tahan tahame ju ikka lihtsalt ning nagu
        üle alla ilma koos pärast enne kohta jaoks palun tänan aitäh tere hei üks mingi mõni ükskõik
    """,
    "bg": """
        и или но а ако че да ли не няма ме ми аз ти той тя то ние вие те мен теб него нея нас вас тях му
        й ни ви им си се мой моя моето моите твой ваш ваша вашето вашите наш наша нашето нашите свой
        свои този тази това тези онзи такъв такава съм е сме сте са беше бях бяха бъде бъдат ще щях на в
        във с със за от до по при през след преди под над между без към върху чрез около кой коя кое кои
        кого какво какъв каква какви къде кога как защо колко чий мога може можем можете могат трябва
        искам искаме имам имате имаме има още вече само много повече малко нещо нищо някой някакъв
        всички всичко всеки също пак тогава сега тук там моля благодаря здравейте здравей добър ден
        добре
    """,
}


@lru_cache(maxsize=16)
def _folded(language: str) -> frozenset[str]:
    return frozenset(fold_word(word, language) for word in _WORDS.get(language, "").split())


def weight(folded: str, language: str) -> float:
    """Return what a folded word of a question counts: `WEIGHT` for a word without a subject, else 1."""
    return WEIGHT if folded in _folded(language) else 1.0


def guess(written: Iterable[str]) -> str | None:
    """Return the language whose words these most often are; None where none or two are ahead.

    Far from a language detector: it serves where the caller does not know, and nothing hangs on it.
    """
    told = list(written)
    counts = {
        language: sum(fold_word(word, language) in _folded(language) for word in told) for language in _WORDS
    }
    most = max(counts.values())
    ahead = [language for language, count in counts.items() if count == most]
    return ahead[0] if most and len(ahead) == 1 else None
