import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdynacor.displays import TrajectoryDisplay

T = np.array([[-1.0, 1, 1], [1, 1, 1], [-1, -1, 1], [-1, -1, -1]])
FLAGS = np.array([False, False, True, True])


def test_lines_are_shares_agreed_with():
    lines = TrajectoryDisplay.from_predictions(T, FLAGS, injected=-T[:1]).lines_
    assert_array_equal(lines["not flagged"].get_xdata(), [1, 2, 3])
    assert_array_equal(lines["not flagged"].get_ydata(), [0.5, 1, 1])
    assert_array_equal(lines["flagged"].get_ydata(), [0, 0, 0.5])
    assert_array_equal(lines["injected"].get_ydata(), [1, 0, 0])
    assert [line.get_label() for line in lines.values()] == [
        *("not flagged (2)", "flagged (2)", "injected (1)")
    ]


def test_bands_hold_the_lines_and_shrink_with_the_rows():
    def width(n_times):
        display = TrajectoryDisplay.from_predictions(
            np.repeat(T, n_times, axis=0), np.repeat(FLAGS, n_times)
        )
        edges = display.bands_["not flagged"].get_paths()[0].vertices
        first = edges[edges[:, 0] == 1, 1]  # about a share of 0.5
        assert first.min() < 0.5 < first.max()
        return np.ptp(first)

    assert width(1) > 2 * width(10) > 0


def test_signals_are_medians_and_quartiles():
    signal = np.arange(5.0)[:, None] * [1, 10]
    display = TrajectoryDisplay.from_predictions(signal, np.zeros(5, dtype=bool))
    assert display.kind == "signal"  # no value is negative
    assert_array_equal(display.lines_["not flagged"].get_ydata(), [2, 20])
    edges = display.bands_["not flagged"].get_paths()[0].vertices
    assert_allclose(np.unique(edges[edges[:, 0] == 2, 1]), [10, 30])
    assert "quartiles" in display.ax_.get_ylabel()


@pytest.mark.parametrize("n_epochs", [1, 3])
def test_ticks_are_whole_epochs(n_epochs):
    display = TrajectoryDisplay.from_predictions(T[:, :n_epochs], FLAGS)
    display.figure_.draw_without_rendering()
    assert all(tick == round(tick) for tick in display.ax_.get_xticks())
    assert display.ax_.get_xlabel() == "epoch"


def test_a_pipeline_shows_what_it_recorded(fitted, digits):
    X, y, _ = digits
    pipe = fitted["paper"]
    display = TrajectoryDisplay.from_estimator(pipe, X, y)
    agreed = (pipe[-2].dynamics_ > 0)[pipe[-1].flags_].mean(axis=0)
    assert_allclose(display.lines_["flagged"].get_ydata(), agreed)
    assert list(display.lines_) == ["not flagged", "flagged", "injected"]
    last = {name: line.get_ydata()[-1] for name, line in display.lines_.items()}
    assert last["not flagged"] > 0.85
    assert max(last["flagged"], last["injected"]) < 0.3
    assert TrajectoryDisplay.from_estimator(pipe, X, y, kind="signal").kind == "signal"


def test_what_is_no_kind_is_refused():
    with pytest.raises(ValueError, match=r"'kind' .* among .*'share'.* Got 'shares'"):
        TrajectoryDisplay.from_predictions(T, FLAGS, kind="shares")
