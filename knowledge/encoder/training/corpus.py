"""Which sentence pairs the encoder is taught on, and which are left out.

The data is parallel text, English beside another language, in `en-XX.tsv.gz` files of three columns:
English, translation, source. It stays where it is; `docs/model_card.md` says what it was.
"""

import gzip
import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# The product's own languages come first: all their rows are used, of the others a part.
FIRST = ("sl", "lt", "et", "bg")

# Share-alike texts, texts without a clear licence, and sets that others use for testing.
LEFT_OUT = frozenset({"mozilla-legal", "ntrex128", "tilde-nlu", "tatoeba", "iab-tcf", "gdpr-toc"})
# Translated by machines long ago, and badly.
POOR = {"rocketchat": frozenset({"sl", "lt", "lv", "bg"})}

# Large and beside the subject: business software manuals, and names of goods in public procurement.
MOST_ROWS = {"ms-d365ops": 40_000, "eforms": 3_000, "ms-projops": 16_000}
MOST_ROWS_SECOND = 24_000


@dataclass(frozen=True, slots=True)
class Pair:
    """An English sentence and its translation."""

    english: str
    other: str
    language: str
    source: str


def rank(*parts: str) -> int:
    """Return a number that looks random and is the same on every machine."""
    return zlib.crc32("\t".join(parts).encode())


def family(source: str) -> str:
    """Return the collection that a source id belongs to: the id without the flags behind its name.

    >>> family("ms-d365ops-ht"), family("eforms-business-term"), family("mozilla-fxa")
    ('ms-d365ops', 'eforms', 'mozilla-fxa')
    """
    if source.startswith("eforms"):
        return "eforms"
    for flag in ("-ht", "-mt", "-na", "-human"):
        source = source.removesuffix(flag)
    return source


def usable(pair: Pair) -> bool:
    name = family(pair.source)
    return name not in LEFT_OUT and pair.language not in POOR.get(name, frozenset())


def rows(path: Path, language: str) -> Iterator[Pair]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            english, other, source = line.rstrip("\n").split("\t")
            yield Pair(english, other, language, source)


def read_pairs(folder: Path) -> list[Pair]:
    """Return the pairs of every language in `folder`, shuffled, always the same ones in the same order."""
    pairs: list[Pair] = []
    for path in sorted(folder.glob("en-*.tsv.gz")):
        language = path.name.split("-")[1].split(".")[0]
        groups: dict[str, list[Pair]] = {}
        for pair in filter(usable, rows(path, language)):
            groups.setdefault(family(pair.source), []).append(pair)
        kept: list[Pair] = []
        for name, members in sorted(groups.items()):
            members.sort(key=lambda pair: rank(pair.english))
            kept += members[: MOST_ROWS.get(name, len(members))]
        if language not in FIRST:
            kept.sort(key=lambda pair: rank(pair.english))
            kept = kept[:MOST_ROWS_SECOND]
        pairs += kept
    if not pairs:
        raise FileNotFoundError(f"no en-XX.tsv.gz in {folder}: give the folder of the parallel text")
    random.Random(1).shuffle(pairs)
    return pairs
