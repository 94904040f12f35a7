import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdynacor.displays import WorstImagesDisplay

IMAGES = np.linspace(0, 1, 4 * 5 * 6).reshape(4, 5, 6)
LABELS = np.array(["ant", "bee", "cow", "ant"])
SUGGESTED = np.array(["ant", "cow", "cow", "bee"])
PROBABILITY = np.array([0.1, 0.97, 0.2, 0.6])


def titles(display):
    return [ax.get_title().splitlines() for ax in display.axes_.flat]


def test_the_worst_come_first_with_what_would_be_right():
    display = WorstImagesDisplay.from_predictions(IMAGES, LABELS, SUGGESTED, PROBABILITY)
    assert_array_equal(display.rows, [1, 3, 2, 0])
    assert titles(display) == [
        ["bee → cow", "97 %"],
        ["ant → bee", "60 %"],
        ["cow", "20 %"],
        ["ant", "10 %"],
    ]
    assert len(display.ims_) == 4
    assert_array_equal(display.ims_[0].get_array(), IMAGES[1])


def test_labels_go_without_suggestions():
    display = WorstImagesDisplay.from_predictions(IMAGES, LABELS, None, PROBABILITY)
    assert titles(display)[0] == ["bee", "97 %"]


def test_long_names_break_and_are_shortened():
    names = np.array([f"a rather long name of a class, {letter}" for letter in "abcd"])
    display = WorstImagesDisplay.from_predictions(IMAGES, names, names[::-1], PROBABILITY)
    assert titles(display)[0] == ["a rather …class, b", "→ a rather …class, c", "97 %"]
    assert max(len(line) for title in titles(display) for line in title) <= 20


def test_axes_are_filled_row_by_row(pyplot):
    from matplotlib.figure import Figure

    axes = Figure().subplots(3, 2)
    display = WorstImagesDisplay.from_predictions(IMAGES, LABELS, SUGGESTED, PROBABILITY, axes=axes)
    assert display.figure_ is axes[0, 0].figure
    assert axes[1, 0].get_title() == "cow\n20 %"
    assert [len(ax.images) for ax in axes.flat] == [1, 1, 1, 1, 0, 0]
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("detector", ["default", "paper"])
def test_a_pipeline_shows_its_surest_flags(fitted, digits, detector):
    X, y, _ = digits
    display = WorstImagesDisplay.from_estimator(
        fitted[detector], X, y, images=X.reshape(-1, 8, 8), n_images=5
    )
    fitted = {"default": fitted["default"], "paper": fitted["paper"][-1]}
    probability = fitted[detector].noise_probability_
    assert_array_equal(probability[display.rows], np.sort(probability)[:-6:-1])
    assert all(len(title) == 2 and "→" in title[0] for title in titles(display)[:5])


def test_a_baseline_shows_its_scores(fitted, digits):
    X, y, _ = digits
    display = WorstImagesDisplay.from_estimator(
        fitted["baseline"], X, y, images=X.reshape(-1, 8, 8), n_images=2
    )
    score = fitted["baseline"].noise_score_[display.rows[0]]
    assert titles(display)[0] == [y[display.rows[0]], f"{score:.3g}"]
    assert "noise score" in display.figure_.get_suptitle()


def test_rows_that_are_images_are_shown_as_they_are(fitted, digits):
    X, y, _ = digits
    X = X.reshape(-1, 8, 8)
    display = WorstImagesDisplay.from_estimator(fitted["paper"][-1], X, y, n_images=2)
    assert_array_equal(display.images * X[display.rows].max(), X[display.rows])
