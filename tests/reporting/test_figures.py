"""Plots of a report."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from skdynacor.inspection._findings import read_findings
from skdynacor.reporting.figures import draw_figures


@pytest.fixture
def figures(make_fitted):
    """The HTML of the plots, with labels that look like markup and mathematics."""
    y = np.repeat(['<b id="x" href="#y">', "$\\frac{$ & $", "stroke: #000000"], 30)
    given = y.copy()
    given[::6] = np.roll(y, 30)[::6]
    pipe = make_fitted(y, given)
    return draw_figures(read_findings(pipe, np.zeros((90, 1)), given))


def test_figures_are_well_formed_and_apart(figures):
    root = ElementTree.fromstring(f"<page>{figures}</page>")
    assert [each.tag for each in root] == ["figure"] * 4
    names = [each.get("id") for each in root.iter() if each.get("id")]
    assert len(names) == len(set(names))
    values = [value for each in root.iter() for value in each.attrib.values()]
    referred = re.findall(r"(?:^|url\()#([\w-]+)", "\n".join(values), re.MULTILINE)
    assert len(referred) > 50
    assert set(referred) <= set(names)


def test_labels_are_text(figures):
    root = ElementTree.fromstring(f"<page>{figures}</page>")
    texts = {each.text for each in root.iter("text")}
    assert "$\\frac{$ & $" in texts
    assert "stroke: #000000" in texts
    assert any(text.startswith("<b id") for text in texts)


def test_text_has_the_color_of_the_page(figures):
    assert "currentColor" in figures
    assert "#010203" not in figures


def test_missing_results_are_not_drawn(make_fitted):
    y = np.repeat([0, 1], 30)
    detector = make_fitted(y, y)[-1]  # without the step that recorded the dynamics
    figures = draw_figures(read_findings(detector, np.zeros((60, 1)), y))
    assert "How labels are learnt" not in figures
    assert "Noise probability" in figures
