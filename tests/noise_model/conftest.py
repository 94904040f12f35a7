"""Labels that were drawn by a known transition."""

import numpy as np
import pytest
from scipy.special import softmax

T = np.array([[0.8, 0.2, 0.0], [0.0, 0.9, 0.1], [0.3, 0.1, 0.6]])


def draw_by(chances, rng):
    """Draw a column for each row of chances."""
    return (rng.random((len(chances), 1)) > chances.cumsum(axis=1)[:, :-1]).sum(axis=1)


@pytest.fixture(scope="session")
def drawn():
    """Logits that are right about the chance of each class, labels drawn by T, and the classes."""
    rng = np.random.default_rng(0)
    logits = 4 * rng.normal(size=(6000, 3))
    classes = draw_by(softmax(logits, axis=1), rng)
    return logits, draw_by(T[classes], rng), classes


@pytest.fixture(scope="session")
def true_transition():
    """The one that the labels of ``drawn`` were drawn by."""
    return T


@pytest.fixture(scope="session", params=[2, 3])
def overlapping(request):
    """True posteriors of Gaussians that overlap, and labels that are all right."""
    rng = np.random.default_rng(0)
    means = 2.5 * np.eye(request.param)
    labels = rng.integers(0, len(means), 6000)
    rows = means[labels] + rng.normal(size=(6000, len(means)))
    logits = -((rows[:, None] - means) ** 2).sum(axis=2) / 2
    assert np.mean(logits.argmax(axis=1) != labels) > 0.03
    return logits, labels
