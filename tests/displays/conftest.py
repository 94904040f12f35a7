"""Figures and fitted detectors for the tests of displays."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from skdynacor import LabelErrorDetector, make_dynacor_pipeline
from skdynacor.baselines import SimiFeatV
from skdynacor.datasets import make_label_noise


@pytest.fixture(autouse=True)
def pyplot():
    """Draw without a display, and close all figures in the end."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


@pytest.fixture
def own_axes(pyplot):
    """Axes of a figure that pyplot does not know; nothing may be drawn elsewhere."""
    from matplotlib.figure import Figure

    yield Figure().subplots()
    assert pyplot.get_fignums() == []


@pytest.fixture(scope="session")
def digits():
    """X, noisy y and right y of three digits."""
    X, y_true = load_digits(n_class=3, return_X_y=True)
    y, _ = make_label_noise(y_true, "symmetric", 0.2, random_state=0)
    names = np.array(["nought", "one", "two"])
    return X, names[y], names[y_true]


@pytest.fixture(scope="session")
def fitted(digits):
    """One of each kind of detector, fitted on the digits."""
    X, y, _ = digits
    estimators = {
        "default": LabelErrorDetector(random_state=0),
        "paper": make_dynacor_pipeline(random_state=0),
        "baseline": SimiFeatV(),
    }
    return {name: estimator.fit(X, y) for name, estimator in estimators.items()}
