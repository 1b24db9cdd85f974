"""`python -m tests.bench.encoder`: what encoder and reader cost, in a process of their own with one thread.

Questions and clauses are made of the samples with rare words among them, all different, so that little of
what is measured is a word remembered from before.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from knowledge.encoder.static import StaticEncoder

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
QUESTIONS, CLAUSES = 500, 5000


def measure() -> None:
    """Measure in this process, which must not have touched the encoder before."""
    # What numpy and the texts take is no cost of the encoder: they are there before it is.
    from knowledge.encoder.static import WEIGHTS, StaticEncoder
    from knowledge.exact import clause_text
    from tests.bench.corpus import clauses, questions
    from tests.bench.size import megabytes
    from tests.bench.table import at

    library = clauses(CLAUSES)
    asked = [text for text, _ in questions(library, QUESTIONS)]
    texts = [clause_text(clause) for clause in library]
    size = sum(file.stat().st_size for file in WEIGHTS.iterdir())
    before, started = megabytes(), time.perf_counter()
    encoder = StaticEncoder()
    loaded, load_s = megabytes(), time.perf_counter() - started
    encoder.encode(["warm"])
    taken = []
    for text in asked:
        started = time.perf_counter()
        encoder.encode([text])
        taken.append(1000 * (time.perf_counter() - started))
    used = megabytes()
    # Another one, so that no word of the questions is remembered.
    fresh, started = StaticEncoder(), time.perf_counter()
    for first in range(0, len(texts), 1000):
        fresh.encode(texts[first : first + 1000])
    rate = len(texts) / (time.perf_counter() - started)
    taken.sort()
    print(f"encoder:  {encoder.name}, {encoder.dimensions} dimensions; weights {size / 1e6:.1f} MB on disk")
    print(f"load:     {load_s:.2f} s")
    print(
        f"question: median {statistics.median(taken):.2f} ms, p95 {at(taken, 0.95):.2f} ms "
        f"({len(taken)} different ones, one thread)"
    )
    print(f"clauses:  {rate:.0f} a second on one core ({len(texts)} different ones)")
    print(f"memory:   +{loaded - before:.0f} MB when loaded, +{used - before:.0f} MB after the questions")
    measure_reader(encoder, asked, texts)


def measure_reader(encoder: "StaticEncoder", asked: Sequence[str], texts: Sequence[str]) -> None:
    """Measure how long a question and a clause are read, each pair a different one."""
    from knowledge.encoder.reader import Reader
    from tests.bench.size import megabytes
    from tests.bench.table import at

    before, started = megabytes(), time.perf_counter()
    reader = Reader(encoder=encoder)
    load_s, taken = time.perf_counter() - started, []
    for question, text in zip(asked, texts, strict=False):
        started = time.perf_counter()
        reader.judge(question, text)
        taken.append(1000 * (time.perf_counter() - started))
    taken.sort()
    print(
        f"reader:   loaded in {load_s:.2f} s, +{megabytes() - before:.0f} MB; a pair of texts: median "
        f"{statistics.median(taken):.2f} ms, p95 {at(taken, 0.95):.2f} ms ({len(taken)} pairs, one thread)"
    )


def main() -> None:
    if sys.argv[1:] == ["--here"]:
        measure()
        return
    environment = {**os.environ, **dict.fromkeys(THREADS, "1")}
    command = [sys.executable, "-m", "tests.bench.encoder", "--here"]
    sys.exit(subprocess.run(command, env=environment, cwd=Path(__file__).parents[2]).returncode)


if __name__ == "__main__":
    main()
