"""The encoder that ships: what it knows, what its files promise, and what it costs."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from knowledge.encoder.static import WEIGHTS, StaticEncoder, shipped
from knowledge.errors import EncoderUnavailable

GOLDEN = Path(__file__).parents[1] / "samples" / "encoder.golden.json"

# The same thing said in five languages, by topic; no two rows of a column share a word.
SAID = {
    "delete": [
        "please delete my account",
        "prosim izbrišite moj račun",
        "prašau ištrinti mano paskyrą",
        "palun kustutage minu konto",
        "моля, изтрийте акаунта ми",
    ],
    "card": [
        "my credit card was declined",
        "moja kreditna kartica je bila zavrnjena",
        "mano kredito kortelė buvo atmesta",
        "minu krediitkaart lükati tagasi",
        "кредитната ми карта беше отхвърлена",
    ],
    "servers": [
        "in which country are the servers",
        "v kateri državi so strežniki",
        "kurioje šalyje yra serveriai",
        "millises riigis serverid asuvad",
        "в коя държава са сървърите",
    ],
    "password": [
        "two people use one password",
        "dve osebi uporabljata eno geslo",
        "du žmonės naudoja vieną slaptažodį",
        "kaks inimest kasutavad ühte parooli",
        "двама души използват една парола",
    ],
    "cookies": [
        "do you use cookies",
        "ali uporabljate piškotke",
        "ar naudojate slapukus",
        "kas te kasutate küpsiseid",
        "използвате ли бисквитки",
    ],
}


@pytest.mark.parametrize("topic", SAID)
def test_a_translation_is_nearer_than_anything_else(topic: str) -> None:
    texts = [text for rows in SAID.values() for text in rows]
    topics = [name for name, rows in SAID.items() for _ in rows]
    vectors = shipped().encode(texts)
    near = vectors @ vectors.T
    for place, name in enumerate(topics):
        if name == topic:
            own = [near[place, other] for other, its in enumerate(topics) if its == name and other != place]
            rest = [near[place, other] for other, its in enumerate(topics) if its != name]
            assert min(own) > max(rest), texts[place]


def test_vectors_are_the_same_on_every_platform() -> None:
    """The golden file was written where the weights were made."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert golden["name"] == shipped().name
    vectors = shipped().encode(golden["texts"])
    assert np.allclose(vectors, np.array(golden["vectors"]), atol=1e-3)


def test_the_shipped_files_are_those_that_the_name_was_made_from() -> None:
    about = json.loads((WEIGHTS / "encoder.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256((WEIGHTS / "pieces.txt").read_bytes())
    digest.update(np.load(WEIGHTS / "rows.npy").tobytes())
    digest.update(np.load(WEIGHTS / "scales.npy").tobytes())
    assert digest.hexdigest() == about["sha256"]
    assert about["name"].endswith(about["sha256"][:12])


def test_tokenizer_and_weights_take_at_most_40_mb() -> None:
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) <= 40_000_000


def test_what_it_adds_to_a_process() -> None:
    """Load time and resident memory in a fresh process, over what numpy alone takes there."""
    script = (
        "import os, time, numpy\n"
        "def resident():\n"
        "    pages = open('/proc/self/statm').read().split()[1]\n"
        "    return int(pages) * os.sysconf('SC_PAGE_SIZE') / 1e6\n"
        "import knowledge.encoder.pieces, knowledge.ports\n"
        "before, start = resident(), time.process_time()\n"
        "from knowledge.encoder.static import shipped\n"
        "encoder = shipped()\n"
        "seconds = time.process_time() - start\n"
        "encoder.encode([f'word{number} račun {number}' for number in range(20_000)])\n"
        "print(seconds, resident() - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    seconds, megabytes = map(float, done.stdout.split())
    assert seconds < 0.5
    assert megabytes < 150


def test_numbers_count_as_wholes() -> None:
    fifteen = shipped().encode(["15"])[0]
    assert fifteen @ shipped().encode(["15"])[0] > 0.99
    assert fifteen @ shipped().encode(["50"])[0] < 0.9


def test_words_are_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.encoder.static.MOST_REMEMBERED", 50)
    encoder = StaticEncoder()
    first = encoder.encode(["the invoice is due"])
    encoder.encode([f"something{number}" for number in range(200)])
    assert np.allclose(encoder.encode(["the invoice is due"]), first, atol=1e-5)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable, match="install the package again"):
        StaticEncoder(tmp_path)


def test_files_that_do_not_belong_together(tmp_path: Path) -> None:
    shutil.copytree(WEIGHTS, tmp_path / "weights")
    (tmp_path / "weights" / "pieces.txt").write_text("one\ntwo", encoding="utf-8")
    with pytest.raises(EncoderUnavailable, match="belong together"):
        StaticEncoder(tmp_path / "weights")


def test_a_damaged_file_is_no_crash(tmp_path: Path) -> None:
    shutil.copytree(WEIGHTS, tmp_path / "weights")
    (tmp_path / "weights" / "rows.npy").write_bytes(b"\x93NUMPY not at all")
    with pytest.raises(EncoderUnavailable):
        StaticEncoder(tmp_path / "weights")
