"""Words by which the parts of a web page around a document are recognised, in many languages.

All patterns are matched against `plain(...)`: lower case, white space collapsed, typographic apostrophes
made plain. They are evidence only; `cleaning.py` weighs them together with the place where they stand.
"""

import re


def plain(text: str) -> str:
    """Return text in the form that the patterns of this module are written for."""
    return re.sub(r"\s+", " ", text.casefold().replace("’", "'").replace("`", "'")).strip()


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{alternative})" for alternative in alternatives))


# A whole line that says: from here on, other pages of the site are advertised.
RELATED = _any(
    r"(?:related|similar|recommended|more|other|popular|latest|recent|further)"
    r" (?:articles?|posts?|blog posts?|resources|content|pages|reading|stories|news|topics)",
    r"(?:you (?:may|might) (?:also )?(?:like|be interested in)|read (?:also|more|next)|keep reading)",
    r"(?:povezani|sorodni|podobni|priporočeni|drugi|več) (?:članki|prispevki|vsebine|člankov)",
    r"(?:povezani|srodni|slični|preporučeni) (?:članci|sadržaji?|postovi)",
    r"(?:повезани|сродни|слични) (?:чланци|садржаји)",
    r"(?:súvisiace|podobné|odporúčané|ďalšie) (?:články|príspevky)",
    r"(?:související|podobné|doporučené|další) (?:články|příspěvky)",
    r"(?:powiązane|podobne|polecane|inne) (?:artykuły|wpisy|treści)",
    r"(?:susiję|susijęs|panašūs|kiti|rekomenduojami|daugiau) (?:straipsniai|straipsnių|įrašai|turinys)",
    r"(?:saistītie|līdzīgi|citi|ieteiktie) (?:raksti|ieraksti)",
    r"(?:seotud|sarnased|soovitatud|teised|rohkem) (?:artiklid|postitused|lood|sisu|artikleid)",
    r"(?:aiheeseen liittyv[äi]t?|samankaltaisia|muita|lue myös) ?(?:artikkel(?:it|eita)|artikkelit)?",
    r"(?:свързани|подобни|още|други|препоръчани|сродни) (?:статии|публикации|новини|материали)",
    r"(?:поврзани|слични) (?:статии|написи)",
    r"(?:похожие|связанные|другие|рекомендуемые) (?:статьи|материалы|публикации)|читайте также",
    r"(?:пов'язані|схожі|інші) (?:статті|матеріали)|читайте також",
    r"(?:verwandte|ähnliche|weitere|empfohlene|zugehörige) (?:artikel|beiträge|inhalte|themen)",
    r"(?:articles?|contenus?|pages?) (?:liés?|connexes?|similaires?|associés?|recommandés?)|à lire aussi",
    r"(?:art[ií]culos?|entradas|contenidos?) (?:relacionad[oa]s?|similares|recomendad[oa]s)",
    r"(?:artigos|conteúdos?) (?:relacionad[oa]s?|semelhantes)",
    r"(?:articoli|contenuti) (?:correlati|simili|consigliati)|leggi anche",
    r"(?:articole|conținut) (?:similare?|conexe?|asociate?|recomandate)",
    r"(?:kapcsolódó|hasonló|ajánlott|további) (?:cikkek|bejegyzések|tartalmak)",
    r"(?:gerelateerde|vergelijkbare|aanbevolen) (?:artikelen|berichten|inhoud)",
    r"(?:relaterede|lignende|relaterte|relaterade|liknande) (?:artikler|indlæg|innlegg|artiklar|inlägg)",
    r"(?:σχετικά|παρόμοια) άρθρα|(?:ilgili|benzer) (?:makaleler|yazılar)",
)

COOKIE = _any(
    r"cookie", r"piškotk", r"kolačić", r"колачић", r"slapuk", r"sīkdat", r"sīkfail", r"küpsis", r"evästei?",
    r"бисквитк", r"колачињ", r"куки", r"файл\w* cookie", r"ciasteczk",
    r"galleta", r"témoin", r"süti", r"informasjonskaps", r"kakor", r"çerez",
)  # fmt: skip

# The banner's own act: what the visitor agrees to by staying, or is asked to press.
CONSENT = _any(
    r"by (?:continuing|using|browsing|staying|clicking)|if you (?:continue|stay)|accept all",
    r"accept (?:all )?cookies",
    r"reject all|allow all|cookie settings|manage (?:cookies|preferences)",
    r"(?:z )?nadaljevanjem|če nadaljujete|sprejmi vse",
    r"nastavkom|nastavljanjem|ako nastavite|prihvati sve|наставком",
    r"pokračovan[íi]m|ak(?:o)? (?:budete )?pokračuj|prijať všetky|přijmout vše",
    r"kontynuuj|korzystając dalej|pozostając|zaakceptuj wszystk",
    r"tęsdam|toliau naršy|jei tęsi|likdami|sutinku su visais|priimti visus",
    r"turpinot|ja turpin|pieņemt visas",
    r"jätka(?:tes|ates|misega)|kui jätkate|nõustun kõigiga|luba kõik",
    r"jatkamalla|jos jatkat|hyväksy kaikki",
    r"ако останете|продължавайки|ако продължите|с продължаването|приемам всички",
    r"продолжая|если вы продолж|принять все|продовжуючи|прийняти все|продолжувајќи",
    r"indem sie|wenn sie (?:fortfahren|weiter)|durch die weitere|alle akzeptieren",
    r"en (?:continuant|poursuivant)|tout accepter|al (?:continuar|seguir)|si continúa|aceptar tod[oa]s",
    r"continuando|proseguendo|accetta tutt|ao continuar|aceitar todos|continuând|accept(?:ă|ați) toate",
    r"a folytatással|folytatásával|összes elfogadása|door verder|alles accepteren|ved at fortsætte",
    r"genom att fortsätta",
)

# Forms and buttons: trials, demonstrations, calls, sign-up, closing.
CALL = _any(
    r"free trial|try (?:it )?(?:for )?free|start (?:now|free|your|for free)|get started|sign ?up|log ?in",
    r"sign in",
    r"(?:book|schedule|request|get|watch) (?:a |your )?(?:demo|call|meeting)|one-on-one call|contact sales",
    r"subscribe|newsletter|create (?:an |your )?account|buy now|learn more|in good hands",
    r"happy (?:clients|customers)",
    r"brezplačen preizkus|preizkusi(?:te)? brezplačno|rezerviraj|prijavi(?:te)? se|terminih|naročite se",
    r"besplatn\w* prob|isprobaj|zakaži|prijavi se|бесплатн\w* проб|закажи|zakažite",
    r"vyskúšaj|bezplatn\w* (?:skúš|verz)|skúšobn\w* verz|rezervuj|naplánuj|prihlás|vyzkouš|zkušební",
    r"přihlás",
    r"wypróbuj|bezpłatn\w* okres|zarezerwuj|umów|zaloguj|zarejestruj",
    r"nemokam\w* (?:bandym|išbandy)|išband|prisiregistr|susitark|keliomis datomis|prisijung|užsisak",
    r"izmēģin|bezmaksas|rezervē|pieteik|pierakst",
    r"tasuta (?:proov|prooviversioon|katse)|proovi(?:ge)? tasuta|broneeri|registreeru|logi sisse|liitu",
    r"ilmai(?:nen|seksi)|kokeile|varaa|kirjaudu|rekisteröidy",
    r"безплат\w* (?:проб|пробен|тест)|пробвай|опитай|насроч|запази|регистрир|абонир|демо",
    r"бесплатн|попробу|заброн|записат|войти|безкоштовн|спробу|заброню|увійти|пробај",
    r"kostenlos|jetzt (?:testen|starten)|demo (?:buchen|vereinbaren)|termin (?:buchen|vereinbaren)",
    r"anmelden",
    r"essai gratuit|essayer|réserve[rz]|planifie[rz]|connexion|s'inscrire|prueba gratis|reserva|solicita",
    r"iniciar sesión",
    r"prova gratuita|prova gratis|prenota|accedi|iscriviti|teste grátis|agende|încercare gratuită",
    r"programează|rezerv[ăa]",
    r"ingyenes próba|próbálja ki|foglal|bejelentkez|gratis pro(?:ef|v)|probeer|boek een|gratis prøve",
    r"prova gratis",
)

CLOSE = re.compile(
    r"(?:[×✕✖⨯xх]|\[x\]|close|zapri|zatvori|zavrieť|zavřít|zamknij|uždaryti|aizvērt|sulge|sulje|"
    r"затвори|закрыть|закрити|schließen|fermer|cerrar|chiudi|închide|bezárás|sluiten|luk|"
    r"stäng)"
)

# What asks the reader of a help page for an opinion.
FEEDBACK = _any(
    r"was this (?:article|page|answer) helpful", r"did this (?:article )?answer your question",
    r"je bil(?:o|a)? (?:ta |to )?(?:članek|vsebina|stran) v pomoč", r"ar (?:šis )?straipsnis buvo naudingas",
    r"kas (?:see )?artikkel oli (?:abiks|kasulik)", r"беше ли (?:ви )?полезна тази (?:статия|страница)",
    r"war dieser artikel hilfreich", r"byl tento článek užitečný", r"bol tento článok užitočný",
    r"czy ten artykuł był pomocny", r"je li (?:ovaj )?članak bio koristan",
)  # fmt: skip

# Entries of a site's menu.
MENU = re.compile(
    r"(?:home|pricing|features|products?|solutions|blog|about(?: us)?|contact(?: us)?|careers|support|"
    r"help|login|"
    r"log in|sign in|sign up|search|menu|skip to (?:main )?content|resources|integrations|customers|"
    r"partners|academy|"
    r"domov|cenik|funkcije|rešitve|o nas|kontakt|pomoč|prijava|iskanje|meni|preskoči na vsebino|"
    r"naslovnica|početna|cijene|o nama|pretraga|cenník|ceník|funkcie|funkce|o nás|prihlásenie|přihlášení|"
    r"hľadať|"
    r"strona główna|cennik|funkcje|zaloguj|szukaj|pradžia|pagrindinis|kainos|funkcijos|apie mus|kontaktai|"
    r"prisijungti|paieška|meniu|sākums|cenas|par mums|kontakti|avaleht|hinnad|hinnakiri|funktsioonid|meist|"
    r"kontakt|logi sisse|otsi|menüü|etusivu|hinnat|tietoa meistä|yhteystiedot|начало|цени|функции|за нас|"
    r"контакти|"
    r"вход|търсене|меню|главная|цены|о нас|контакты|войти|поиск|startseite|preise|funktionen|über uns|"
    r"suche|"
    r"accueil|tarifs|fonctionnalités|à propos|inicio|precios|funciones|contacto|prezzi|chi siamo|contatti)"
)

# Sentences of a machine that failed, standing where a text should be. Matched at the beginning.
FAILED = _any(
    r"(?:i'm |i am )?sorry,? (?:but )?i (?:cannot|can't|can not|am unable|am not able)",
    r"as an ai (?:language )?model",
    r"i (?:cannot|can't|am unable to) (?:fulfil|fulfill|assist|help|comply|complete|translate|provide)\b.*"
    r"\b(?:request|that|policy|text)",
    r"(?:please )?enable javascript|javascript (?:is|must be) (?:disabled|enabled|required)",
    r"(?:oops[,!. ]+)?something went wrong|(?:error )?404\b.{0,40}not found|loading ?(?:\.\.\.|…)$",
)
