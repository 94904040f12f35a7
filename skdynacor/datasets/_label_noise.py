"""Replacing right labels by wrong ones, in the ways of the paper's experiments."""

import numpy as np
from scipy.special import softmax
from sklearn.utils.validation import check_array, check_consistent_length, column_or_1d

from .._corruptor import draw_other_labels
from .._random import make_rng
from .._validation import encode_labels

KINDS = ("symmetric", "asymmetric", "instance")


def make_label_noise(y, kind, rate, X=None, *, random_state=None):
    """Replace some labels by wrong ones.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Right labels, of C classes.
    kind : {"symmetric", "asymmetric", "instance"}
        How labels go wrong (Section 5.1 of the paper):

        - ``"symmetric"``: exactly the share ``rate`` of the labels, each to any other class;
        - ``"asymmetric"``: exactly the share ``rate`` of the labels, each to the next class in
          sorted order, the last to the first;
        - ``"instance"``: each row with a rate of its own, drawn from N(rate, 0.1) and cut to
          (0, 1), to a class by a softmax of a random linear map of its standardised features, one
          map for each true class.
    rate : float in [0, 1)
        The share of labels that go wrong, in expectation for ``"instance"``.
    X : array-like of shape (n_samples, n_features), default=None
        The features, which ``"instance"`` needs.
    random_state : int, RandomState instance or None, default=None
        Pass an int for labels that repeat.

    Returns
    -------
    y_noisy : ndarray of shape (n_samples,)
        The labels, some of them wrong.
    wrong : ndarray of shape (n_samples,), bool
        True where ``y_noisy`` differs from ``y``.

    References
    ----------
    .. [1] Xia et al., "Part-dependent Label Noise: Towards Instance-dependent Label Noise",
       NeurIPS 2020. https://doi.org/10.48550/arXiv.2006.07836

    Examples
    --------
    >>> import numpy as np
    >>> from skdynacor.datasets import make_label_noise
    >>> y_noisy, wrong = make_label_noise(np.arange(100) % 4, "symmetric", 0.3, random_state=0)
    >>> int(wrong.sum())
    30
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(map(repr, KINDS))}; got {kind!r}.")
    if not 0 <= rate < 1:
        raise ValueError(f"rate must be a share of the labels in [0, 1); got {rate}.")
    y = column_or_1d(y)
    classes, codes = encode_labels(y)
    rng = make_rng(random_state, f"make_label_noise {kind}")
    if kind == "instance":
        if X is None:
            raise ValueError("kind='instance' draws labels by the features: pass X.")
        X = check_array(X, dtype=np.float64)
        check_consistent_length(X, y)
        noisy = _instance_dependent(X, codes, len(classes), rate, rng)
    else:
        chosen = rng.choice(len(codes), round(rate * len(codes)), replace=False)
        noisy = codes.copy()
        if kind == "symmetric":
            noisy[chosen] = draw_other_labels(codes[chosen], len(classes), rng)
        else:
            noisy[chosen] = (codes[chosen] + 1) % len(classes)
    return classes[noisy], noisy != codes


def _instance_dependent(X, codes, n_classes, rate, rng):
    scale = X.std(axis=0)
    X = (X - X.mean(axis=0)) / np.where(scale > 0, scale, 1)
    own_rate = np.clip(rng.normal(rate, 0.1, len(codes)), 0, 1) if rate else np.zeros(len(codes))
    noisy = codes.copy()
    for true in range(n_classes):
        rows = np.flatnonzero(codes == true)
        scores = X[rows] @ rng.standard_normal((X.shape[1], n_classes))
        scores[:, true] = -np.inf
        probability = softmax(scores, axis=1) * own_rate[rows, None]
        probability[:, true] = 1 - own_rate[rows]
        edges = probability.cumsum(axis=1)
        draws = rng.random(len(rows)) * edges[:, -1]
        noisy[rows] = (edges <= draws[:, None]).sum(axis=1)
    return noisy
