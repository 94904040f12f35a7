import itertools

import numpy as np
import pytest

from skdynacor.displays import LabelMatrixDisplay
from skdynacor.displays.axes import size_in_points


def draw(n_classes, name="class {:03d}", **kwargs):
    classes = [name.format(i) for i in range(n_classes)]
    return LabelMatrixDisplay(np.ones((n_classes, n_classes), dtype=int), classes=classes).plot(
        **kwargs
    )


def overlap(labels, along):
    """Tell whether the boxes of tick labels that follow each other overlap along an axis."""
    edges = sorted(
        tuple(getattr(label.get_window_extent(), f"interval{along}")) for label in labels
    )
    return any(before[1] > after[0] + 0.5 for before, after in itertools.pairwise(edges))


@pytest.mark.parametrize("name", ["{}", "a class with a very long name, number {:03d}"])
@pytest.mark.parametrize("n_classes", [2, 10, 77])
def test_names_do_not_overlap(n_classes, name):
    display = draw(n_classes, name)
    display.figure_.draw_without_rendering()
    assert not overlap(display.ax_.get_xticklabels(), "x")
    assert not overlap(display.ax_.get_yticklabels(), "y")


def test_names_of_small_axes_are_thinned(own_axes):
    own_axes.figure.set_size_inches(3, 3)
    display = draw(77, ax=own_axes)
    ticks = display.ax_.get_yticks()
    assert 10 < len(ticks) < 40
    names = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert names == [f"class {tick:03d}" for tick in ticks]
    own_axes.figure.draw_without_rendering()
    assert not overlap(display.ax_.get_yticklabels(), "y")


def test_many_classes_are_all_named_in_a_figure_of_their_own():
    assert len(draw(77).ax_.get_yticks()) == 77


def test_numbers_stand_in_cells_of_some_size_only():
    assert draw(15).text_.shape == (15, 15)
    assert draw(16).text_ is None


def test_numbers_stay_in_their_cells():
    display = LabelMatrixDisplay(np.full((15, 15), 123_456)).plot()
    display.figure_.draw_without_rendering()
    width = size_in_points(display.ax_)[0] / 15 * display.figure_.dpi / 72
    assert display.text_[0, 1].get_window_extent().width < 1.05 * width


def test_the_colour_bar_counts_in_whole_numbers():
    bar = draw(3).im_.colorbar.ax
    assert set(bar.get_yticks()) == {0, 1}


def test_long_names_keep_their_ends():
    display = draw(2, "wrong exchange rate for cash withdrawal {}")
    assert display.ax_.get_yticklabels()[1].get_text() == "wrong excha…thdrawal 1"


def test_numbers_are_bright_on_dark_cells_and_dark_on_bright_ones():
    text = LabelMatrixDisplay(np.array([[0, 900], [1, 0]])).plot().text_
    assert text[0, 1].get_color() == "white"
    assert text[1, 0].get_color() == "black"
