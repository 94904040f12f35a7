import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from skdynacor.displays import TransitionDisplay


def test_cells_are_per_cents():
    display = TransitionDisplay.from_predictions(
        [[0.9, 0.098, 0.002], [0, 1, 0], [0.25, 0.25, 0.5]], classes=["ant", "bee", "cow"]
    )
    assert_allclose(display.im_.get_array()[0], [90, 9.8, 0.2])
    texts = [[text.get_text() for text in row] for row in display.text_]
    assert texts == [["90", "10", ""], ["", "100", ""], ["25", "25", "50"]]
    assert display.ax_.get_ylabel() == "true class"
    assert display.ax_.get_xlabel() == "given label"


def test_colours_compare_between_matrices():
    for transition_matrix in (np.eye(2), np.full((2, 2), 0.5)):
        im = TransitionDisplay.from_predictions(transition_matrix).im_
        assert (im.norm.vmin, im.norm.vmax) == (0, 100)


def test_a_detector_shows_its_transition_matrix(fitted, digits):
    X, y, _ = digits
    display = TransitionDisplay.from_estimator(fitted["default"], X, y)
    assert_allclose(display.im_.get_array() / 100, fitted["default"].transition_matrix_)
    assert_array_equal(display.classes, ["nought", "one", "two"])
