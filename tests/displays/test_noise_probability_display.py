import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdynacor.displays import NoiseProbabilityDisplay

PROBABILITY = np.array([0, 0.1, 0.5, 0.501, 1])


def counts(display):
    return {name: bars.get_data().values.tolist() for name, bars in display.bars_.items()}


def test_rows_beyond_one_half_are_flagged():
    display = NoiseProbabilityDisplay.from_predictions(PROBABILITY, n_bins=4)
    assert counts(display) == {"not flagged": [2, 1], "flagged": [1, 1]}
    assert_array_equal(display.bars_["flagged"].get_data().edges, [0.5, 0.75, 1])
    assert display.bars_["flagged"].get_label() == "flagged: 2 rows, 40.0 %"
    assert set(display.line_.get_xdata()) == {0.5}


def test_right_and_wrong_labels_are_drawn_each():
    wrong = np.array([False, False, True, False, True])
    display = NoiseProbabilityDisplay.from_predictions(PROBABILITY, wrong=wrong, n_bins=2)
    assert counts(display) == {"right": [2, 1], "wrong": [0, 2]}
    assert display.bars_["wrong"].get_label() == "label is wrong: 2 rows, 40.0 %"


def test_single_rows_show_beside_thousands():
    display = NoiseProbabilityDisplay.from_predictions(np.r_[np.zeros(5000), 1.0])
    assert display.ax_.get_yscale() == "log"
    low, high = display.ax_.get_ylim()
    assert low < 1
    assert high > 5000


def test_y_true_marks_wrong_labels(fitted, digits):
    X, y, y_true = digits
    display = NoiseProbabilityDisplay.from_estimator(fitted["default"], X, y, y_true=y_true)
    assert sum(counts(display)["wrong"]) == (y != y_true).sum()


def test_no_bin_lies_across_the_threshold():
    with pytest.raises(ValueError, match="n_bins must be even"):
        NoiseProbabilityDisplay.from_predictions(PROBABILITY, n_bins=5)
