"""Label errors from labels and class probabilities."""

import subprocess
import sys

import cleanlab.filter
import cleanlab.rank
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import cross_val_predict

from skdynacor import find_label_issues
from skdynacor.datasets import make_label_noise


@pytest.fixture(scope="module")
def digits():
    """Labels of which 30 % are wrong, five-fold probabilities, and which are wrong."""
    X, y_true = load_digits(return_X_y=True)
    labels, wrong = make_label_noise(y_true, "symmetric", 0.3, random_state=0)
    classifier = LogisticRegression(C=0.01, max_iter=1000)
    return labels, cross_val_predict(classifier, X / 4, labels, method="predict_proba"), wrong


def test_it_finds_more_than_the_filters_of_cleanlab(digits):
    labels, pred_probs, wrong = digits
    found = f1_score(wrong, find_label_issues(labels, pred_probs))
    for filter_by in ("prune_by_noise_rate", "confident_learning", "predicted_neq_given"):
        mask = cleanlab.filter.find_label_issues(labels, pred_probs, filter_by=filter_by, n_jobs=1)
        assert found > f1_score(wrong, mask)
    assert found > 0.9


@pytest.mark.parametrize(
    "ranked_by", ["self_confidence", "normalized_margin", "confidence_weighted_entropy"]
)
def test_indices_are_ranked_as_by_cleanlab(digits, ranked_by):
    labels, pred_probs, _ = digits
    indices = find_label_issues(labels, pred_probs, return_indices_ranked_by=ranked_by)
    assert_array_equal(np.sort(indices), np.flatnonzero(find_label_issues(labels, pred_probs)))
    scores = cleanlab.rank.get_label_quality_scores(labels, pred_probs, method=ranked_by)
    assert (np.diff(scores[indices]) > -1e-9).all()


def test_by_noise_probability_the_worst_come_first(digits):
    labels, pred_probs, wrong = digits
    indices = find_label_issues(labels, pred_probs, return_indices_ranked_by="noise_probability")
    assert wrong[indices[:100]].mean() > 0.99


def test_the_call_of_cleanlab_needs_another_import_only(digits):
    labels, pred_probs, _ = digits
    for function in (cleanlab.filter.find_label_issues, find_label_issues):
        issues = function(
            labels=labels,
            pred_probs=pred_probs,
            return_indices_ranked_by="self_confidence",
            filter_by="both",
            n_jobs=1,
            verbose=False,
        )
        assert issues.dtype.kind == "i"
    assert find_label_issues(labels.tolist(), pred_probs.tolist()).dtype == bool


def test_labels_may_be_names(digits):
    labels, pred_probs, _ = digits
    names = np.array([f"digit {label}" for label in range(10)])[labels]
    assert_array_equal(find_label_issues(names, pred_probs), find_label_issues(labels, pred_probs))


def test_a_class_may_have_no_labels(digits):
    labels, pred_probs, _ = digits
    rows = labels != 9
    assert find_label_issues(labels[rows], pred_probs[rows]).sum() > 100


PROBS = np.tile([[0.7, 0.2, 0.1]], (9, 1))
LABELS = np.arange(9) % 3


@pytest.mark.parametrize(
    ("labels", "pred_probs", "message"),
    [
        (LABELS, PROBS * 1.1, "whose sum in each row is 1; row 0 holds .* with the sum 1.1"),
        (LABELS, PROBS - [0.2, 0, -0.2] * np.eye(9, 3, -3)[:, [0, 0, 0]] * 5, "at least 0"),
        (LABELS, PROBS[:, :2] / PROBS[:, :2].sum(axis=1, keepdims=True), "pred_probs has 2 col"),
        (LABELS, np.where(np.eye(9, 3), np.nan, PROBS), "pred_probs contains NaN"),
        (LABELS, PROBS[:5], "There are 9 labels and 5 rows of pred_probs"),
        (LABELS, PROBS[:, 0], "Expected 2D array"),
        (LABELS, np.ones((9, 1)), "pred_probs has 1 column"),
        (LABELS - 1, PROBS[:, [0, 1]] / 0.9, "labels hold 3 classes"),
        (np.array(["a", "b"] * 4 + ["b"]), PROBS, "labels hold 2 classes"),
        (np.where(LABELS, LABELS, np.nan), PROBS, "nan in row 0"),
        (np.zeros(9, int), PROBS, "one class only"),
    ],
)
def test_bad_input_is_refused(labels, pred_probs, message):
    with pytest.raises(ValueError, match=message):
        find_label_issues(labels, pred_probs)


def test_an_unknown_ranking_is_refused():
    with pytest.raises(ValueError, match="return_indices_ranked_by"):
        find_label_issues(LABELS, PROBS, return_indices_ranked_by="luck")


def test_it_imports_no_torch():
    code = (
        "import sys; from skdynacor import find_label_issues; import numpy as np; "
        "find_label_issues([0, 1, 0, 1, 1], np.full((5, 2), 0.5)); "
        "sys.exit('torch' in sys.modules or 'skorch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
