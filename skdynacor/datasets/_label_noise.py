"""Label noise, as in the experiments of the paper."""

import warnings
from numbers import Real

import numpy as np
from scipy.special import softmax
from sklearn.utils.validation import check_consistent_length

from ..dynacor.corruption.label_corruptor import draw_other_labels
from ..utils.random_numbers import make_rng
from ..utils.sklearn_private import Interval, StrOptions, validates_arguments
from ..utils.validation import check_array, encode_labels, read_labels

KINDS = ("symmetric", "asymmetric", "class", "instance")


@validates_arguments(
    kind=[StrOptions(set(KINDS))],
    rate=[Interval(Real, 0, 1, closed="left"), "array-like"],
    random_state=["random_state"],
)
def make_label_noise(y, kind, rate, X=None, *, random_state=None):
    """Replace some labels by wrong ones.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Right labels, of C classes.
    kind : {"symmetric", "asymmetric", "class", "instance"}
        The kind of noise; all but ``"class"`` are those of Section 5.1 of the paper [1]_:

        - ``"symmetric"``: exactly the share ``rate`` of the labels, each replaced by any other
          class;
        - ``"asymmetric"``: exactly the share ``rate`` of the labels, each replaced by the next
          class in sorted order, the last by the first;
        - ``"class"``: each label independently, by the row of a transition matrix for its class;
        - ``"instance"``: each row with its own rate, drawn from N(rate, 0.1) and clipped to [0, 1],
          and a class drawn by the softmax of a random linear map of its standardised features, one
          map for each true class [2]_.
    rate : float in [0, 1) or array-like of shape (n_classes, n_classes)
        The share of wrong labels, in expectation for ``"instance"``. For ``"class"`` the transition
        matrix T: ``T[i, j]`` is the probability that class i is labelled as class j, classes in
        sorted order. Each row is non-negative and sums to 1 within 1e-6.
    X : array-like of shape (n_samples, n_features), default=None
        The features, which ``"instance"`` needs.
    random_state : int, RandomState instance or None, default=None
        Determines the wrong labels. Pass an int for reproducible results.

    Returns
    -------
    y_noisy : ndarray of shape (n_samples,)
        The labels with noise.
    wrong : ndarray of shape (n_samples,), bool
        True where ``y_noisy`` differs from ``y``.

    Raises
    ------
    ValueError
        If ``rate`` does not fit ``kind``, ``y`` has less than two classes, or ``X`` is missing or
        of another length.

    Warns
    -----
    UserWarning
        If the expected share of wrong labels is 1 - 1/C or more, where labels are no better than
        chance.

    References
    ----------
    .. [1] Kim et al., "Learning Discriminative Dynamics with Label Corruption for Noisy Label
       Detection", CVPR 2024. https://doi.org/10.48550/arXiv.2405.19902
    .. [2] Xia et al., "Part-dependent Label Noise: Towards Instance-dependent Label Noise",
       NeurIPS 2020. https://doi.org/10.48550/arXiv.2006.07836

    Examples
    --------
    >>> import numpy as np
    >>> from skdynacor.datasets import make_label_noise
    >>> y_noisy, wrong = make_label_noise(np.arange(100) % 4, "symmetric", 0.3, random_state=0)
    >>> int(wrong.sum())
    30

    Of two classes, only the first is mislabelled:

    >>> y = np.arange(1000) % 2
    >>> y_noisy, wrong = make_label_noise(y, "class", [[0.9, 0.1], [0, 1]], random_state=0)
    >>> int(wrong[y == 0].sum()), int(wrong[y == 1].sum())
    (52, 0)
    """
    if kind != "class":
        _check_share(rate, kind)
    y = read_labels(y)
    classes, codes = encode_labels(y)
    if kind == "class":
        transition = _check_transition(rate, len(classes))
        _warn_if_chance((1 - transition.diagonal())[codes].mean(), len(classes))
    else:
        _warn_if_chance(rate, len(classes))
    rng = make_rng(random_state, f"make_label_noise {kind}")
    if kind == "instance":
        if X is None:
            raise ValueError("kind='instance' draws labels by the features: pass X.")
        X = check_array(X, dtype=np.float64)
        check_consistent_length(X, y)
        noisy = _instance_dependent(X, codes, len(classes), rate, rng)
    elif kind == "class":
        noisy = _draw_codes(transition[codes], rng)
    else:
        chosen = rng.choice(len(codes), round(rate * len(codes)), replace=False)
        noisy = codes.copy()
        if kind == "symmetric":
            noisy[chosen] = draw_other_labels(codes[chosen], len(classes), rng)
        else:
            noisy[chosen] = (codes[chosen] + 1) % len(classes)
    return classes[noisy], noisy != codes


def _check_share(rate, kind):
    if np.ndim(rate) > 0:
        raise ValueError(
            f"rate must be one share of the labels in [0, 1) for kind={kind!r}; got an array of "
            f"shape {np.shape(rate)}. kind='class' takes transition matrices."
        )
    if not 0 <= rate < 1:
        raise ValueError(f"rate must be a share of the labels in [0, 1); got {rate}.")


def _check_transition(rate, n_classes):
    transition = np.asarray(rate, dtype=np.float64)
    if transition.shape != (n_classes, n_classes):
        raise ValueError(
            f"rate must be a transition matrix of shape {(n_classes, n_classes)} for "
            f"kind='class', as y holds {n_classes} classes; got shape {transition.shape}. Rows are "
            "true classes and columns given ones, in sorted order; for one share of all the labels "
            "choose kind='symmetric'."
        )
    sums = transition.sum(axis=1)
    # NB: comparisons with NaN are False, which makes it faulty, too.
    faulty = np.flatnonzero(~((transition >= 0).all(axis=1) & (abs(sums - 1) <= 1e-6)))
    if faulty.size:
        row = faulty[0]
        raise ValueError(
            "Each row of the transition matrix must be non-negative and sum to 1; row "
            f"{row} is {transition[row].tolist()[:10]}, sum {sums[row]:.7g} ({faulty.size} faulty "
            "rows in all). T[i, j] is the probability that class i is given as class j."
        )
    return transition


def _warn_if_chance(rate, n_classes):
    limit = 1 - 1 / n_classes
    if rate < limit - 1e-9:  # the rate of a matrix of 1/C is the limit up to rounding
        return
    warnings.warn(
        f"A noise rate of {rate:.4g} among C = {n_classes} classes is not below 1 - 1/C = "
        f"{limit:.4g}: labels are right no more often than by chance, and detectors assume a lower "
        "rate.",
        UserWarning,
        stacklevel=4,
    )


def _draw_codes(probability, rng):
    """Draw one class per row; ``probability`` has shape (n_samples, n_classes)."""
    edges = probability.cumsum(axis=1)
    draws = rng.random(len(edges)) * edges[:, -1]
    return (edges <= draws[:, None]).sum(axis=1)


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
        noisy[rows] = _draw_codes(probability, rng)
    return noisy
