import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdynacor.displays import (
    DataMapDisplay,
    LabelMatrixDisplay,
    NoiseProbabilityDisplay,
    NoiseReliabilityDisplay,
    TrajectoryDisplay,
    TransitionDisplay,
    WorstImagesDisplay,
)
from skdynacor.displays._drawing import share_interval

T = np.array([[-1.0, 1, 1], [1, 1, 1], [1, -1, 1], [-1, -1, -1]])
FLAGS = np.array([False, False, False, True])
PROBABILITY = np.array([0.1, 0.0, 0.3, 0.9])
LABELS = np.array(["ant", "bee", "bee", "ant"])
SUGGESTED = np.array(["ant", "bee", "bee", "bee"])
IMAGES = np.zeros((4, 2, 2))

#: Arguments of from_predictions.
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

#: Errors where a detector lacks what a display needs.
LACKING = {
    "default": {
        TrajectoryDisplay: "LabelErrorDetector records no training dynamics; .*make_dynacor_pipe",
        DataMapDisplay: "LabelErrorDetector records no training dynamics; .*make_dynacor_pipe",
    },
    "paper": {TransitionDisplay: "DynaCorDetector estimates no transition matrix"},
    "baseline": {
        TransitionDisplay: "SimiFeatV estimates no transition matrix",
        LabelMatrixDisplay: "SimiFeatV suggests no labels",
        TrajectoryDisplay: "SimiFeatV records no training dynamics",
        DataMapDisplay: "SimiFeatV records no training dynamics",
        NoiseProbabilityDisplay: "SimiFeatV estimates no noise probability",
        NoiseReliabilityDisplay: "SimiFeatV estimates no noise probability",
    },
}


def more(display, digits):
    """Give the other arguments of a display's from_estimator."""
    X, _, y_true = digits
    return {
        NoiseReliabilityDisplay: {"y_true": y_true},
        WorstImagesDisplay: {"images": X.reshape(-1, 8, 8), "n_images": 2},
    }.get(display, {})


@pytest.mark.parametrize("detector", LACKING)
@pytest.mark.parametrize("display", GIVEN)
def test_a_fitted_estimator_is_drawn_or_lacks_something_named(display, detector, fitted, digits):
    X, y, _ = digits
    arguments = fitted[detector], X, y
    if display in LACKING[detector]:
        with pytest.raises(ValueError, match=LACKING[detector][display]):
            display.from_estimator(*arguments, **more(display, digits))
    else:
        drawn = display.from_estimator(*arguments, **more(display, digits))
        assert isinstance(drawn, display)
        drawn.figure_.draw_without_rendering()


@pytest.mark.parametrize("display", ON_AXES)
def test_given_axes_are_used_each_time(display, own_axes):
    from matplotlib.figure import Figure

    drawn = display.from_predictions(*GIVEN[display], ax=own_axes)
    assert drawn.ax_ is own_axes
    assert drawn.figure_ is own_axes.figure
    assert own_axes.get_xlabel()
    assert own_axes.get_ylabel()
    other = Figure().subplots()
    assert drawn.plot(other) is drawn
    assert drawn.ax_ is other
    assert len(other.get_children()) == len(own_axes.get_children())


@pytest.mark.parametrize("display", GIVEN)
def test_lists_are_drawn_on_one_new_figure(display, pyplot):
    drawn = display.from_predictions(*(np.asarray(array).tolist() for array in GIVEN[display]))
    assert pyplot.get_fignums() == [drawn.figure_.number]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_series_are_taken(library):
    series = pytest.importorskip(library).Series
    drawn = LabelMatrixDisplay.from_predictions(series(LABELS), series(SUGGESTED))
    assert_array_equal(drawn.matrix, [[1, 1], [0, 2]])
    NoiseReliabilityDisplay.from_predictions(series(FLAGS), series(PROBABILITY))


@pytest.mark.parametrize("display", GIVEN)
def test_missing_matplotlib_is_named(display, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=rf"{display.__name__}.plot needs .*skdynacor\[report\]"):
        display.from_predictions(*GIVEN[display])


def test_importing_the_displays_imports_no_matplotlib_nor_torch():
    code = "import sys, skdynacor.displays; print({'matplotlib', 'torch'} & {*sys.modules})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "set()", result.stderr


@pytest.mark.parametrize(
    ("display", "arguments", "match"),
    [
        (TrajectoryDisplay, (T, FLAGS[:3]), r"inconsistent .* \[4, 3\]"),
        (DataMapDisplay, (T, PROBABILITY), "flags must be booleans; got .0.1, 0.0"),
        (DataMapDisplay, (T * np.nan, FLAGS), "dynamics contains NaN"),
        (NoiseProbabilityDisplay, ([0.1, np.nan],), "noise_probability contains NaN"),
        (NoiseProbabilityDisplay, ([0.1, 1.2, -1],), "must be in .*-1.0 to 1.2"),
        (NoiseReliabilityDisplay, (FLAGS[:3], PROBABILITY), r"inconsistent .* \[4, 3\]"),
        (LabelMatrixDisplay, (LABELS, SUGGESTED[:2]), "inconsistent"),
        (TransitionDisplay, ([[90, 10], [0, 100]],), "sum to 1.* Divide counts"),
        (WorstImagesDisplay, (IMAGES, LABELS, SUGGESTED[:2], PROBABILITY), "inconsistent"),
        (WorstImagesDisplay, (IMAGES[:3], LABELS, SUGGESTED, PROBABILITY), "one image for each"),
    ],
)
def test_invalid_arrays_are_refused(display, arguments, match):
    with pytest.raises(ValueError, match=match):
        display.from_predictions(*arguments)


@pytest.mark.parametrize("display", [NoiseProbabilityDisplay, NoiseReliabilityDisplay])
def test_right_labels_of_other_rows_are_refused(display, fitted, digits):
    X, y, y_true = digits
    with pytest.raises(ValueError, match="inconsistent"):
        display.from_estimator(fitted["default"], X, y, y_true=y_true[:5])
    codes = np.unique(y_true, return_inverse=True)[1]
    with pytest.raises(
        ValueError, match=r"No given label equals the right one; got .*the labels of y"
    ):
        display.from_estimator(fitted["default"], X, y, y_true=codes)


@pytest.mark.parametrize("share", [0.02, 0.3])
def test_intervals_cover_19_times_in_20(share):
    rng = np.random.default_rng(0)
    low, high = share_interval(rng.binomial(200, share, 5000), 200)
    assert ((low < share) & (share < high)).mean() == pytest.approx(0.95, abs=0.03)
    low, high = share_interval(np.array([0, 10]), 10)
    assert (low[0], high[-1]) == (0, 1)
