"""What models know of the labels, and what flags may be worth."""

import numpy as np
import pytest

from skdynacor.noise_model.learnability import assess

LABELS = np.repeat([0, 1, 2], [40, 40, 20])
LOG_PROBS = np.log(np.full((100, 3), 0.05) + 0.85 * np.eye(3)[LABELS])


def assess_with(n_flagged=10, probability=0.9, least=1.0, evidence=1.0, log_probs=LOG_PROBS):
    noise_probability = np.full(100, 0.01)
    noise_probability[:n_flagged] = probability
    flags = noise_probability > 0.5
    return assess(log_probs, LABELS, noise_probability, least * noise_probability, flags, evidence)


def test_figures_by_hand():
    log_probs = LOG_PROBS.copy()
    log_probs[:10] = np.log([0.1, 0.8, 0.1])
    found = assess_with(log_probs=log_probs)
    assert found.accuracy == pytest.approx(0.9)
    assert found.accuracy_error == pytest.approx(0.03)
    assert found.majority_share == pytest.approx(0.4)
    assert found.expected_precision == found.least_precision == pytest.approx(0.9)
    assert found.expected_recall == pytest.approx(9 / 9.9)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {},
            "Models reach 100 % where the commonest class has 40 %: about 9 of 10 flags should be "
            "right.",
        ),
        (
            {"probability": 0.99},
            "Models reach 100 % where the commonest class has 40 %: nearly all flags should be "
            "right.",
        ),
        (
            {"least": 0.5},
            "Models reach 100 % where the commonest class has 40 %: between 4 and 9 of 10 flags "
            "should be right.",
        ),
        (
            {"probability": 0.99, "least": 0.9},
            "Models reach 100 % where the commonest class has 40 %: at least 9 of 10 flags should "
            "be right.",
        ),
        (
            {"n_flagged": 0},
            "Models reach 100 % where the commonest class has 40 %: no label is more likely wrong "
            "than right.",
        ),
        (
            {"evidence": 0.0, "log_probs": np.tile([0.0, -1, -2], (100, 1))},
            "Models hardly beat the commonest class (40.0 against 40.0 %): these labels hardly "
            "follow from these columns, and flags are guesses.",
        ),
    ],
)
def test_the_sentence(arguments, sentence):
    assert str(assess_with(**arguments)) == sentence


def test_little_is_not_enough():
    assert assess_with().is_enough
    assert not assess_with(evidence=0.0).is_enough
    log_probs = np.where(np.arange(100)[:, None] < 10, LOG_PROBS, [0.0, -1, -2])
    log_probs[80:85] = LOG_PROBS[80:85]  # 45 of 100 are predicted, 40 by the commonest class
    assert not assess_with(log_probs=log_probs).is_enough
