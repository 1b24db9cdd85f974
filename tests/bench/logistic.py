"""Two small fits, by Newton's method and by gradient steps, so that no more is needed than numpy."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Marks = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class Logistic:
    weights: Floats
    bias: float

    def __call__(self, rows: Floats) -> Floats:
        chances: Floats = 1 / (1 + np.exp(-(rows @ self.weights + self.bias)))
        return chances


def fit_logistic(rows: Floats, marks: Marks, shares: Floats, *, ridge: float = 0.01) -> Logistic:
    """Fit the chance of a mark; the ridge is on standardised columns, `shares` are the rows' weights."""
    centre, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    table = np.column_stack([(rows - centre) / spread, np.ones(len(rows))])
    shares = shares / shares.sum()
    held = ridge * np.append(np.ones(rows.shape[1]), 0.0)
    solution = np.zeros(table.shape[1])
    for _ in range(50):
        chances = 1 / (1 + np.exp(-np.clip(table @ solution, -30, 30)))
        slope = table.T @ (shares * (chances - marks)) + held * solution
        bend = (table * (shares * chances * (1 - chances))[:, None]).T @ table + np.diag(held + 1e-9)
        solution -= np.linalg.solve(bend, slope)
    weights = solution[:-1] / spread
    return Logistic(weights, float(solution[-1] - centre @ weights))


def fit_choice(
    rows: Sequence[tuple[Floats, Marks, float]], *, ridge: float = 0.02, steps: int = 300, rate: float = 0.3
) -> Floats:
    """Fit weights, none below 0, so that one of the marked rows of each table is chosen.

    The chance of a row is the exponential of its weighted sum over that of all rows of its table.
    """
    weights = np.ones(rows[0][0].shape[1])
    total = sum(share for _, _, share in rows)
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, steps + 1):
        slope = ridge * weights
        for table, marks, share in rows:
            scores = table @ weights
            chances = np.exp(scores - scores.max())
            right = np.where(marks, chances, 0.0)
            slope += table.T @ (chances / chances.sum() - right / max(right.sum(), 1e-12)) * (share / total)
        mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
        move = (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
        weights = np.maximum(weights - rate * move, 0.0)
    return weights
