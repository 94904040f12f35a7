"""Sentences on the labels as a whole."""

from dataclasses import replace

import numpy as np
import pytest

from skdynacor.inspection._findings import read_findings
from skdynacor.inspection._statements import round_count, state


@pytest.fixture
def findings(fitted, noisy_blobs):
    X, y, _ = noisy_blobs
    return read_findings(fitted, X, y)


@pytest.mark.parametrize(
    ("number", "rounded"),
    [(0.4, 0), (3.6, 4), (47.2, 47), (312, 310), (1627, 1600)],
)
def test_counts_are_rounded_to_two_digits(number, rounded):
    assert round_count(number) == rounded


def test_what_models_reach_comes_first(findings):
    assert state(findings)[0] == str(findings.learnability)


def test_a_wide_interval_is_stated_and_a_narrow_one_is_not(findings):
    wide = replace(findings, noise_rate_interval=(0.04, 0.31))
    assert state(wide)[1].startswith("Between 12 and 93 of 300 labels may be wrong")
    narrow = replace(findings, noise_rate=0.1, noise_rate_interval=(0.09, 0.11))
    assert state(narrow)[1] == "About 30 of 300 labels are wrong."
    none = replace(findings, noise_rate=0.0, noise_rate_interval=(0.0, 0.001))
    assert len(state(none)) == 1


def test_guesses_are_not_counted(findings):
    guesses = replace(findings, learnability=replace(findings.learnability, evidence=0.0))
    assert len(state(guesses)) == 1


def test_copies_are_stated(findings):
    assert state(replace(findings, duplicated_share=0.125))[-1].startswith("12 % of the rows equal")


def test_the_papers_pipeline_states_nothing(paper, noisy_blobs):
    X, y, _ = noisy_blobs
    assert state(read_findings(paper, X, y)) == []
    assert np.isfinite(read_findings(paper, X, y).noise_rate)
