import itertools

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdynacor.displays import LabelMatrixDisplay

LABELS = np.array(["ant", "bee", "bee", "bee", "cow"])
SUGGESTED = np.array(["ant", "bee", "ant", "ant", "cow"])


def draw(n_classes, name="class {:03d}", **kwargs):
    classes = [name.format(i) for i in range(n_classes)]
    matrix = np.full((n_classes, n_classes), 123_456)
    return LabelMatrixDisplay(matrix, classes=classes).plot(**kwargs)


def overlap(labels, along):
    """Return whether neighbouring tick labels overlap along an axis."""
    edges = sorted(
        tuple(getattr(label.get_window_extent(), f"interval{along}")) for label in labels
    )
    return any(before[1] > after[0] + 0.5 for before, after in itertools.pairwise(edges))


def test_rows_are_given_labels_and_columns_suggested_ones():
    display = LabelMatrixDisplay.from_predictions(LABELS, SUGGESTED)
    assert_array_equal(display.matrix, [[1, 0, 0], [2, 1, 0], [0, 0, 1]])
    written = np.vectorize(lambda text: text.get_text())(display.text_)
    assert_array_equal(written, [["1", "", ""], ["2", "1", ""], ["", "", "1"]])
    assert display.ax_.get_ylabel() == "given label"
    assert display.ax_.get_xlabel() == "suggested label"
    names = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert names == ["ant", "bee", "cow"]


def test_labels_that_stay_do_not_outshine_the_rest():
    display = LabelMatrixDisplay.from_predictions(LABELS.repeat(9), SUGGESTED.repeat(9))
    drawn = display.im_.get_array()
    assert_array_equal(np.ma.getmaskarray(drawn), np.eye(3, dtype=bool))
    assert display.im_.norm.vmax == drawn.max() == 18


def test_labels_that_all_stay_can_be_drawn():
    display = LabelMatrixDisplay.from_predictions(LABELS, LABELS)
    display.figure_.draw_without_rendering()
    assert_array_equal(display.matrix, np.diag([1, 3, 1]))
    assert set(display.im_.colorbar.ax.get_yticks()) == {0, 1}


def test_a_detector_counts_its_flags(fitted, digits):
    X, y, _ = digits
    display = LabelMatrixDisplay.from_estimator(fitted["default"], X, y)
    flags = fitted["default"].flags_
    assert display.matrix.sum() == len(y)
    assert display.matrix.sum() - display.matrix.trace() == flags.sum()
    assert_array_equal(display.classes, ["nought", "one", "two"])


@pytest.mark.parametrize("name", ["{}", "a class with a very long name, number {:03d}"])
@pytest.mark.parametrize("n_classes", [2, 10, 77])
def test_names_do_not_overlap(n_classes, name):
    display = draw(n_classes, name)
    display.figure_.draw_without_rendering()
    assert len(display.ax_.get_yticks()) == n_classes
    assert not overlap(display.ax_.get_xticklabels(), "x")
    assert not overlap(display.ax_.get_yticklabels(), "y")


def test_names_of_small_axes_are_thinned(own_axes):
    own_axes.figure.set_size_inches(3, 3)
    ax = draw(77, ax=own_axes).ax_
    assert 10 < len(ax.get_yticks()) < 40
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == [f"class {tick:03d}" for tick in ax.get_yticks()]
    own_axes.figure.draw_without_rendering()
    assert not overlap(ax.get_yticklabels(), "y")


def test_numbers_stay_in_their_cells():
    assert draw(16).text_ is None
    display = draw(15, "{}")
    display.figure_.draw_without_rendering()
    (left, _), (right, _) = display.ax_.transData.transform([(0, 0), (1, 0)])
    assert display.text_[0, 1].get_window_extent().width < 1.05 * (right - left)


def test_numbers_are_bright_on_dark_cells_and_dark_on_bright_ones():
    text = LabelMatrixDisplay(np.array([[0, 900], [1, 0]])).plot().text_
    assert text[0, 1].get_color() == "white"
    assert text[1, 0].get_color() == "black"
