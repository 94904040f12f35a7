import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError

from skdynacor import displays, make_dynacor_pipeline
from skdynacor.displays import (
    DataMapDisplay,
    LabelMatrixDisplay,
    NoiseProbabilityDisplay,
    NoiseReliabilityDisplay,
    TrajectoryDisplay,
    TransitionDisplay,
    WorstImagesDisplay,
)

T = np.array([[-1.0, 1, 1], [1, 1, 1], [1, -1, 1], [-1, -1, -1]])
FLAGS = np.array([False, False, False, True])
PROBABILITY = np.array([0.1, 0.0, 0.3, 0.9])
LABELS = np.array(["ant", "bee", "bee", "ant"])
SUGGESTED = np.array(["ant", "bee", "bee", "bee"])
IMAGES = np.zeros((4, 2, 2))

#: What each takes, in its from_predictions.
GIVEN = {
    TrajectoryDisplay: (T, FLAGS),
    NoiseProbabilityDisplay: (PROBABILITY,),
    NoiseReliabilityDisplay: (FLAGS, PROBABILITY),
    LabelMatrixDisplay: (LABELS, SUGGESTED),
    TransitionDisplay: ([[0.8, 0.2], [0.1, 0.9]],),
    DataMapDisplay: (T, FLAGS),
    WorstImagesDisplay: (IMAGES, LABELS, SUGGESTED, PROBABILITY),
}
ON_AXES = [display for display in GIVEN if display is not WorstImagesDisplay]

#: What detectors do not have, and which displays ask for it.
LACKING = {
    "transition": {},
    "paper": {TransitionDisplay: "noise transition, and this DynaCorDetector"},
    "baseline": {
        TransitionDisplay: "noise transition, and this SimiFeatV",
        LabelMatrixDisplay: "suggested labels, and this SimiFeatV",
        TrajectoryDisplay: "trails of the rows, and this SimiFeatV",
        DataMapDisplay: "trails of the rows, and this SimiFeatV",
        NoiseProbabilityDisplay: "probability that a label is wrong, and this SimiFeatV",
        NoiseReliabilityDisplay: "probability that a label is wrong, and this SimiFeatV",
    },
}


def more(display, digits):
    """What a display takes in its from_estimator, beside estimator, X and y."""
    X, _, y_true = digits
    return {
        NoiseReliabilityDisplay: {"y_true": y_true},
        WorstImagesDisplay: {"images": X.reshape(-1, 8, 8), "n_images": 2},
    }.get(display, {})


def test_every_display_is_tested_here():
    assert sorted(displays.__all__) == sorted(display.__name__ for display in GIVEN)


@pytest.mark.parametrize("detector", LACKING)
@pytest.mark.parametrize("display", GIVEN)
def test_a_fitted_estimator_is_drawn_or_what_it_lacks_is_said(display, detector, fitted, digits):
    X, y, _ = digits
    arguments = fitted[detector], X, y
    if display in LACKING[detector]:
        match = f"{LACKING[detector][display]} has none. Fit .* {display.__name__}.from_predictions"
        with pytest.raises(ValueError, match=match):
            display.from_estimator(*arguments, **more(display, digits))
    else:
        drawn = display.from_estimator(*arguments, **more(display, digits))
        assert isinstance(drawn, display)
        drawn.figure_.draw_without_rendering()


@pytest.mark.parametrize("display", GIVEN)
def test_an_unfitted_estimator_is_refused(display, digits):
    X, y, _ = digits
    with pytest.raises(NotFittedError):
        display.from_estimator(make_dynacor_pipeline(), X, y, **more(display, digits))


@pytest.mark.parametrize("display", ON_AXES)
def test_axes_are_used_and_nothing_is_drawn_elsewhere(display, own_axes):
    drawn = display.from_predictions(*GIVEN[display], ax=own_axes)
    assert drawn.ax_ is own_axes
    assert drawn.figure_ is own_axes.figure
    assert own_axes.get_xlabel()
    assert own_axes.get_ylabel()


@pytest.mark.parametrize("display", ON_AXES)
def test_axes_of_an_estimator_are_used(display, fitted, digits, own_axes):
    X, y, _ = digits
    drawn = display.from_estimator(fitted["transition"], X, y, **more(display, digits), ax=own_axes)
    assert drawn.ax_ is own_axes


@pytest.mark.parametrize("display", GIVEN)
def test_a_new_figure_is_made_once(display, pyplot):
    drawn = display.from_predictions(*GIVEN[display])
    assert pyplot.get_fignums() == [drawn.figure_.number]


@pytest.mark.parametrize("display", ON_AXES)
def test_a_display_can_be_drawn_again(display, own_axes):
    from matplotlib.figure import Figure

    other = Figure().subplots()
    drawn = display.from_predictions(*GIVEN[display], ax=own_axes)
    assert drawn.plot(other) is drawn
    assert drawn.ax_ is other
    assert len(other.get_children()) == len(own_axes.get_children())


@pytest.mark.parametrize("display", GIVEN)
def test_lists_are_taken(display):
    display.from_predictions(*(np.asarray(array).tolist() for array in GIVEN[display]))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_series_are_taken(library):
    series = pytest.importorskip(library).Series
    drawn = LabelMatrixDisplay.from_predictions(series(LABELS), series(SUGGESTED))
    assert_array_equal(drawn.matrix, [[1, 1], [0, 2]])
    NoiseReliabilityDisplay.from_predictions(series(FLAGS), series(PROBABILITY))


@pytest.mark.parametrize("display", GIVEN)
def test_missing_matplotlib_is_named(display, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    match = rf"{display.__name__}.plot needs the package matplotlib, .* skdynacor\[report\]"
    with pytest.raises(ImportError, match=match.replace(" skd", ".*skd")):
        display.from_predictions(*GIVEN[display])


def test_importing_the_displays_imports_no_matplotlib_nor_torch():
    code = "import sys, skdynacor.displays; print({'matplotlib', 'torch'} & {*sys.modules})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "set()", result.stderr


@pytest.mark.parametrize(
    ("display", "arguments", "match"),
    [
        (TrajectoryDisplay, (T, FLAGS[:3]), "flags must have one entry for each of the 4 rows"),
        (DataMapDisplay, (T, FLAGS[:3]), "flags must have one entry for each of the 4 rows"),
        (TrajectoryDisplay, (T, PROBABILITY), "flags must be booleans, .*got .0.1, 0.0"),
        (TrajectoryDisplay, (T[:0], FLAGS[:0]), r"0 sample\(s\)"),
        (DataMapDisplay, (T[:, :0], FLAGS), r"0 feature\(s\)"),
        (DataMapDisplay, (T * np.nan, FLAGS), "dynamics contains NaN"),
        (NoiseProbabilityDisplay, ([],), "noise_probability is empty"),
        (NoiseProbabilityDisplay, (["a"],), "noise_probability must be numbers; got .*a"),
        (NoiseProbabilityDisplay, ([0.1, np.nan],), "must be in .* got nan in row 1"),
        (NoiseProbabilityDisplay, ([0.1, 1.2, -1],), "got 1.2 in row 1 .2 faulty rows in all"),
        (NoiseReliabilityDisplay, (FLAGS[:3], PROBABILITY), "wrong must have one entry .* got 3"),
        (NoiseReliabilityDisplay, (FLAGS, PROBABILITY * np.nan), "got nan in row 0"),
        (LabelMatrixDisplay, (LABELS, SUGGESTED[:2]), "suggested_labels must have one entry"),
        (LabelMatrixDisplay, ([], []), "labels is empty"),
        (TransitionDisplay, ([[0.5, 0.5]],), r"a row and a column .* got shape \(1, 2\)"),
        (TransitionDisplay, ([[90, 10], [0, 100]],), "sum to 1.* Divide counts"),
        (TransitionDisplay, ([[1.1, -0.1], [0, 1]],), "must be non-negative"),
        (TransitionDisplay, ([[np.nan, 0.1], [0, 1]],), "transition contains NaN"),
        (WorstImagesDisplay, (IMAGES, LABELS, SUGGESTED, [np.nan] * 4), "got nan in row 0"),
        (WorstImagesDisplay, (IMAGES, LABELS, SUGGESTED[:2], PROBABILITY), "suggested_labels must"),
        (WorstImagesDisplay, (IMAGES[:3], LABELS, SUGGESTED, PROBABILITY), "one image for each"),
    ],
)
def test_what_cannot_be_drawn_is_refused(display, arguments, match):
    with pytest.raises(ValueError, match=match):
        display.from_predictions(*arguments)


@pytest.mark.parametrize("display", [NoiseProbabilityDisplay, NoiseReliabilityDisplay])
def test_right_labels_of_another_number_are_refused(display, fitted, digits):
    X, y, y_true = digits
    with pytest.raises(ValueError, match=f"y_true .* {len(y)} rows; got 5"):
        display.from_estimator(fitted["transition"], X, y, y_true=y_true[:5])


@pytest.mark.parametrize("display", [NoiseProbabilityDisplay, NoiseReliabilityDisplay])
def test_right_labels_written_in_another_way_are_refused(display, fitted, digits):
    X, y, y_true = digits
    codes = np.unique(y_true, return_inverse=True)[1]
    with pytest.raises(ValueError, match=r"No given label equals the right one; got .*as y is"):
        display.from_estimator(fitted["transition"], X, y, y_true=codes)


@pytest.mark.parametrize("kind", GIVEN, ids=lambda kind: kind.__name__)
def test_what_are_no_axes_is_refused(kind):
    name = "axes" if kind is WorstImagesDisplay else "ax"
    with pytest.raises(TypeError, match=r"Pass matplotlib Axes.* got .*'here'"):
        kind.from_predictions(*GIVEN[kind], **{name: "here"})
