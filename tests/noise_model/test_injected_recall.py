"""The recall of injected label errors."""

import numpy as np

from skdynacor.noise_model.noise_model import NoiseModel


def test_probabilities_that_underflow_give_a_recall():
    rng = np.random.default_rng(0)
    y = np.arange(400) % 3
    log_probs = np.where(np.arange(3) == y[:, None], 0.0, -1000.0)
    log_probs = (log_probs + rng.normal(0, 100, (400, 3))).astype(np.float32)
    given = np.where(rng.random(400) < 0.1, (y + 1) % 3, y)
    model = NoiseModel().fit(log_probs, given)
    assert 0.99 < model.injected_recall(log_probs, given) <= 1
