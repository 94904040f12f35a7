"""Strategies of cleaning."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdynacor.cleaning._strategies import clean
from skdynacor.inspection._findings import Findings

LABELS = np.array(["ant", "ant", "ant", "bee", "bee", "bee"])


def make_findings(flags, noise_probability, suggested_labels, suggested_label_probability=0.9):
    classes, codes = np.unique(LABELS[: len(flags)], return_inverse=True)
    score = np.array(noise_probability)
    return Findings(
        LABELS[: len(flags)],
        codes,
        classes,
        np.arange(len(flags)),
        np.array(flags, bool),
        score,
        noise_probability=score,
        suggested_labels=np.array(suggested_labels),
        suggested_label_probability=np.broadcast_to(suggested_label_probability, len(flags)),
    )


@pytest.mark.parametrize(
    ("strategy", "rows", "labels"),
    [
        ("drop", [0, 1, 2, 4], ["ant", "ant", "ant", "bee"]),
        ("relabel", [0, 1, 2, 3, 4, 5], ["ant", "ant", "ant", "ant", "bee", "ant"]),
    ],
)
def test_of_a_class_that_is_all_flagged_the_least_likely_wrong_row_stays(strategy, rows, labels):
    found = make_findings(LABELS == "bee", [0.1, 0.2, 0.3, 1.0, 0.9, 0.95], ["ant"] * 6)
    cleaned = clean(strategy, LABELS, found, 0.5)
    assert_array_equal(cleaned.rows, rows)
    assert_array_equal(cleaned.labels, labels)
    assert cleaned.weights is None
    assert_array_equal(cleaned.kept_classes, ["bee"])


def test_rows_that_tie_stay_together_and_weigh_as_others():
    found = make_findings(LABELS == "bee", [0.1, 0.2, 1.0, 1.0, 1.0, 1.0], ["ant"] * 6)
    cleaned = clean("reweight", LABELS, found, 0.5)
    assert_array_equal(cleaned.rows, [0, 1, 3, 4, 5])
    assert_array_equal(cleaned.labels, LABELS[[0, 1, 3, 4, 5]])
    assert_allclose(cleaned.weights, [0.9, 0.8, 1, 1, 1])
    assert_array_equal(cleaned.kept_classes, ["bee"])


def test_probable_suggestions_replace_flagged_labels():
    found = make_findings(
        [False, True, True, False, True, False],
        [0.1, 0.8, 0.9, 0.2, 0.7, 0.4],
        ["bee", "bee", "bee", "ant", "ant", "ant"],
        [0.9, 0.5, 0.4, 0.3, 0.6, 0.3],
    )
    cleaned = clean("relabel", LABELS, found, 0.5)
    assert_array_equal(cleaned.rows, [0, 1, 3, 4, 5])
    assert_array_equal(cleaned.labels, ["ant", "bee", "bee", "ant", "bee"])
    assert len(cleaned.kept_classes) == 0


def test_a_row_that_goes_back_to_its_class_leaves_no_other_class_empty():
    labels = np.array(["ant", "bee", "cat", "cat"])
    # The only ant is made a cat, and the only bee the only ant.
    found = make_findings([True, True, False, False], [0.9, 0.8, 0.1, 0.1], ["cat", "ant"] * 2)
    cleaned = clean("relabel", labels, found, 0.5)
    assert_array_equal(cleaned.labels, labels)
    assert_array_equal(cleaned.kept_classes, ["bee", "ant"])
