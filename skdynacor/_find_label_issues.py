"""Label errors from labels and out-of-sample class probabilities."""

import numpy as np
from scipy.special import expit

from .noise_model.noise_model import NoiseModel
from .utils.sklearn_private import StrOptions, validates_arguments
from .utils.validation import check_array, encode_labels, read_labels

#: Scores that issues can be ranked by, larger for better labels.
RANKINGS = {
    "noise_probability": lambda probs, given, error: -error,
    "self_confidence": lambda probs, given, error: given,
    "normalized_margin": lambda probs, given, error: given - _largest_other(probs, given),
    "confidence_weighted_entropy": lambda probs, given, error: -_entropy(probs) / given,
}
#: Probabilities are as good as 0 below this.
_LEAST_PROBABILITY = 1e-12


@validates_arguments(return_indices_ranked_by=[StrOptions(set(RANKINGS)), None])
def find_label_issues(
    labels,
    pred_probs,
    *,
    return_indices_ranked_by=None,
    filter_by=None,
    n_jobs=None,
    verbose=False,
):
    """Find label errors by out-of-sample class probabilities of any classifier.

    The call is that of ``cleanlab.filter.find_label_issues``; the noise model of
    ``LabelErrorDetector`` takes the place of its filters.

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        The given labels: 0 to n_classes − 1, or any values whose sorted classes are the columns of
        ``pred_probs``.
    pred_probs : array-like of shape (n_samples, n_classes)
        Class probabilities; each row sums to 1. Those of a sample must come from a classifier that
        was not trained on it, for instance from
        ``sklearn.model_selection.cross_val_predict(..., method="predict_proba")``.
    return_indices_ranked_by : str or None, default=None
        ``None`` returns a mask. A string returns the indices of the label errors, the worst first:

        - ``"noise_probability"``: by the probability of a label error;
        - ``"self_confidence"``: by the probability of the given label;
        - ``"normalized_margin"``: by that probability less the largest other;
        - ``"confidence_weighted_entropy"``: by that probability over the entropy of the classes.
    filter_by, n_jobs, verbose : object
        Parameters of cleanlab without effect here: there is one filter, and it needs no processes.

    Returns
    -------
    issues : ndarray of shape (n_samples,), bool, or of shape (n_issues,), int
        A mask that is True where the label is more likely wrong than right, or ranked indices.

    Raises
    ------
    ValueError
        If ``pred_probs`` are no probabilities, or do not fit the labels.

    See Also
    --------
    LabelErrorDetector : Trains classifiers for the probabilities, too.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.ensemble import ExtraTreesClassifier
    >>> from sklearn.model_selection import cross_val_predict
    >>> from skdynacor import find_label_issues
    >>> X, y = load_wine(return_X_y=True)
    >>> y[[3, 70, 150]] = [2, 0, 1]
    >>> forest = ExtraTreesClassifier(random_state=0)
    >>> pred_probs = cross_val_predict(forest, X, y, cv=5, method="predict_proba")
    >>> find_label_issues(y, pred_probs, return_indices_ranked_by="self_confidence")
    array([  3,  70, 150])
    """
    probs = check_array(pred_probs, dtype=np.float64, input_name="pred_probs")
    codes = _check_and_encode(read_labels(labels), probs)
    log_probs = np.log(np.maximum(probs, _LEAST_PROBABILITY))
    log_odds = NoiseModel().fit(log_probs, codes).log_odds(log_probs, codes)
    mask = log_odds > 0
    if return_indices_ranked_by is None:
        return mask
    given = np.maximum(probs[np.arange(len(codes)), codes], _LEAST_PROBABILITY)
    score = RANKINGS[return_indices_ranked_by](probs, given, expit(log_odds))
    issues = np.flatnonzero(mask)
    return issues[np.argsort(score[issues], kind="stable")]


def _check_and_encode(labels, probs):
    """Check labels and probabilities, and number the labels by the columns."""
    n_classes = probs.shape[1]
    if len(labels) != len(probs):
        raise ValueError(
            f"There are {len(labels)} labels and {len(probs)} rows of pred_probs; pass one row of "
            "class probabilities for each label."
        )
    if n_classes < 2:
        raise ValueError(
            f"pred_probs has {n_classes} column; it needs one for each class, at least 2."
        )
    if (probs < 0).any() or (np.abs(probs.sum(axis=1) - 1) > 1e-3).any():
        row = np.flatnonzero((probs < 0).any(axis=1) | (np.abs(probs.sum(axis=1) - 1) > 1e-3))[0]
        raise ValueError(
            "pred_probs must hold probabilities, at least 0, whose sum in each row is 1; row "
            f"{row} holds {probs[row][:5]}{', ...' if n_classes > 5 else ''} with the sum "
            f"{probs[row].sum():.4g}. Pass what predict_proba returns."
        )
    classes, codes = encode_labels(labels)
    if classes.dtype.kind in "iu" and classes[0] >= 0 and classes[-1] < n_classes:
        return classes[codes].astype(np.int64)
    if len(classes) != n_classes:
        raise ValueError(
            f"labels hold {len(classes)} classes ({', '.join(map(str, classes[:5]))}"
            f"{', ...' if len(classes) > 5 else ''}), pred_probs has {n_classes} columns; pass one "
            "column for each class, in sorted order."
        )
    return codes


def _largest_other(probs, given):
    """Largest probability of another class; ``given`` are those of the labels."""
    largest = np.sort(probs, axis=1)[:, -2:]
    return np.where(largest[:, 1] > given, largest[:, 1], largest[:, 0])


def _entropy(probs):
    return -np.sum(probs * np.log(np.maximum(probs, _LEAST_PROBABILITY)), axis=1)
