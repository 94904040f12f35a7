import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdynacor.displays import LabelMatrixDisplay

LABELS = np.array(["ant", "bee", "bee", "bee", "cow"])
SUGGESTED = np.array(["ant", "bee", "ant", "ant", "cow"])


def written(display):
    return np.vectorize(lambda text: text.get_text())(display.text_)


def test_rows_are_given_labels_and_columns_suggested_ones():
    display = LabelMatrixDisplay.from_predictions(LABELS, SUGGESTED)
    assert_array_equal(display.matrix, [[1, 0, 0], [2, 1, 0], [0, 0, 1]])
    assert_array_equal(written(display), [["1", "", ""], ["2", "1", ""], ["", "", "1"]])
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


def test_a_suggested_label_need_not_be_given():
    display = LabelMatrixDisplay.from_predictions([1, 1, 2], [1, 3, 2])
    assert_array_equal(display.classes, [1, 2, 3])
    assert_array_equal(display.matrix[0], [1, 0, 1])


def test_a_matrix_of_ones_own_needs_no_names():
    display = LabelMatrixDisplay(np.array([[5, 1], [0, 5]])).plot(colorbar=False)
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["0", "1"]
    assert len(display.figure_.axes) == 1


def test_a_pipeline_counts_its_flags(fitted, digits):
    X, y, _ = digits
    detector = fitted["transition"][-1]
    display = LabelMatrixDisplay.from_estimator(fitted["transition"], X, y)
    assert display.matrix.sum() == len(y)
    assert display.matrix.sum() - display.matrix.trace() == detector.flags_.sum()
    assert_array_equal(display.classes, ["nought", "one", "two"])


def test_a_colorbar_that_is_no_bool_is_refused():
    with pytest.raises(ValueError, match="'colorbar' parameter"):
        LabelMatrixDisplay.from_predictions(LABELS, SUGGESTED, colorbar=np.array([0.5]))


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="one class only"):
        LabelMatrixDisplay.from_predictions(["ant"], ["ant"])
