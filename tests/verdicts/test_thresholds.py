"""Which rows to flag."""

import itertools

import numpy as np
import pytest

from skdynacor.verdicts.thresholds import check_threshold, find_threshold


def flag(probability, threshold):
    return probability > find_threshold(probability, threshold)


def test_a_number_flags_what_exceeds_it():
    assert flag(np.array([0.3, 0.5, 0.6]), 0.5).tolist() == [False, False, True]


def test_f1_is_the_best_of_all_cuts():
    rng = np.random.default_rng(0)
    for _ in range(20):
        probability = rng.random(9)
        flags = flag(probability, "f1")
        expected = [2 * probability[:0].sum()]
        for n in range(1, 10):
            top = np.sort(probability)[::-1][:n]
            if top[-1] >= 0.3:
                expected.append(2 * top.sum() / (n + probability.sum()))
        found = 2 * probability[flags].sum() / (flags.sum() + probability.sum())
        assert found == pytest.approx(max(expected))


def test_f1_flags_nothing_that_is_likely_right():
    assert not flag(np.full(1000, 0.05), "f1").any()


def test_precision_flags_as_many_as_have_it():
    probability = np.array([0.95, 0.9, 0.8, 0.5, 0.1])
    assert flag(probability, ("precision", 0.8)).sum() == 3 + (0.7875 >= 0.8)
    assert flag(probability, ("precision", 0.75)).sum() == 4
    assert not flag(probability, ("precision", 0.99)).any()


@pytest.mark.parametrize(
    ("share", "threshold"), list(itertools.product([0.2, 0.9], ["f1", ("precision", 0.5)]))
)
def test_equal_rows_are_flagged_together(share, threshold):
    flags = flag(np.array([0.9] + [share] * 5), threshold)
    assert len(set(flags[1:])) == 1


@pytest.mark.parametrize(
    "threshold", [0, 1, 1.5, -1, True, "F1", None, ("precision", 1.2), ("recall", 0.5), np.nan, []]
)
def test_bad_thresholds(threshold):
    with pytest.raises(ValueError, match="threshold must be a probability between 0 and 1"):
        check_threshold(threshold)
