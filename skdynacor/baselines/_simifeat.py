"""SimiFeat: compare each label with those of the nearest rows."""

import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors

from ..nets._mlp import input_factor
from ..utils.moments import mean_and_scale
from ..utils.sklearn_private import Count
from ._hoc import estimate_transition
from ._transductive_detector import TransductiveDetector


def directions(X):
    """Scale rows as the default net does, and to norm 1: (n_samples, n_features + 1), float32.

    Rows at the mean have no direction; they get one orthogonal to all others, the last column.
    """
    mean, scale = mean_and_scale(X)
    factor = input_factor(torch.from_numpy(scale)).numpy()
    rows = (X - mean.astype(X.dtype)) * factor.astype(X.dtype)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    at_mean = norms == 0
    return np.hstack([rows / np.where(at_mean, 1, norms), at_mean.astype(X.dtype)])


def nearest_rows(unit, n_neighbors):
    """Find the nearest of rows of norm 1, and cosine similarities, (n, n_neighbors) each."""
    # At norm 1 the Euclidean distance has the same order, and is faster in scikit-learn.
    search = NearestNeighbors(n_neighbors=n_neighbors, algorithm="brute").fit(unit)
    distances, neighbors = (
        search.kneighbors()
    )  # without an argument, a row is not its own neighbour
    return neighbors, 1 - np.square(distances, dtype=np.float64) / 2


def count_votes(labels, n_classes):
    """Count each class among the labels of neighbours, (n, n_neighbors): (n, n_classes)."""
    n = len(labels)
    cells = labels + n_classes * np.arange(n)[:, None]
    return np.bincount(cells.ravel(), minlength=n * n_classes).reshape(n, n_classes)


def flag_lowest(scores, tie_breaker, codes, n_flagged):
    """Flag in each class the rows of the lowest scores, (n_samples,), bool.

    ``n_flagged``, (n_classes,), is the number of flags in each class.
    """
    order = np.lexsort([tie_breaker, scores, codes])
    ordered = codes[order]
    rank = np.arange(len(codes)) - np.searchsorted(ordered, ordered)
    flags = np.empty(len(codes), dtype=bool)
    flags[order] = rank < n_flagged[ordered]
    return flags


class NearestRowsDetector(TransductiveDetector):
    """Base class of ``SimiFeatV`` and ``SimiFeatR``."""

    _parameter_constraints: dict = {"n_neighbors": [Count(1)]}

    def __init__(self, n_neighbors=10):
        self.n_neighbors = n_neighbors

    @staticmethod
    def _row_params(X):
        return {"dtype": np.float32}


class SimiFeatV(NearestRowsDetector):
    """Flag rows whose label differs from the most frequent one among their nearest rows.

    Parameters
    ----------
    n_neighbors : int >= 1, default=10
        Number of nearest rows that vote (k of the paper), by the cosine similarity of the features.

    Attributes
    ----------
    flags_ : ndarray of shape (n_samples,), bool
        True where the label is likely wrong.
    noise_score_ : ndarray of shape (n_samples,)
        Share of the neighbours that have another label, in [0, 1].
    noise_rate_ : float
        Share of the rows flagged.
    classes_ : ndarray of shape (n_classes,)
        The classes seen in ``fit``.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are all strings.

    See Also
    --------
    SimiFeatR : Ranks the rows, and estimates the number of wrong labels.

    Notes
    -----
    NOTE[DIFF]: features are centred and scaled like those of the default net (see
    ``skdynacor.nets.make_mlp_classifier``), since columns may have any unit; the paper uses those
    of a pretrained encoder unscaled.

    NOTE[DIFF]: the paper repeats the vote on augmented images, and takes the majority. Here
    features are fixed, and there is one vote.

    NOTE[DIFF]: a row whose label ties for the most votes is not flagged; the paper draws one of the
    tied classes.

    References
    ----------
    .. [1] Zhu, Dong, Liu, "Detecting Corrupted Labels Without Training a Model to Predict",
       ICML 2022, Section 3. https://doi.org/10.48550/arXiv.2110.06283

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdynacor.baselines import SimiFeatV
    >>> from skdynacor.datasets import make_label_noise
    >>> X, y = load_digits(return_X_y=True)
    >>> y, wrong = make_label_noise(y, "symmetric", 0.2, random_state=0)
    >>> detector = SimiFeatV().fit(X, y)
    >>> print(f"{detector.flags_[wrong].mean():.2f} {detector.flags_[~wrong].mean():.2f}")
    0.99 0.03
    """

    def _detect(self, X, codes):
        k = min(self.n_neighbors, len(X) - 1)
        neighbors, _ = nearest_rows(directions(X), k)
        votes = count_votes(codes[neighbors], len(self.classes_))
        own = votes[np.arange(len(X)), codes]
        return votes.max(axis=1) > own, 1 - own / k


class SimiFeatR(NearestRowsDetector):
    """Flag in each class the rows that agree least with their nearest rows.

    Their number is estimated by HOC, from the labels of rows and their two nearest rows [2]_.

    Parameters
    ----------
    n_neighbors : int >= 1, default=10
        Number of nearest rows that give the score (k of the paper), by the cosine similarity of the
        features.

    Attributes
    ----------
    flags_ : ndarray of shape (n_samples,), bool
        True where the label is likely wrong.
    noise_score_ : ndarray of shape (n_samples,)
        One less the cosine similarity of the given label, one-hot, to the shares of the classes
        among the neighbours, in [0, 1].
    noise_rate_ : float
        Share of the rows flagged.
    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        T[i, j], the estimated probability that a row of class i gets the label j.
    prior_ : ndarray of shape (n_classes,)
        Estimated shares of the true classes.
    estimated_noise_rate_ : float
        Share of wrong labels by ``transition_matrix_`` and ``prior_``. It differs from
        ``noise_rate_`` if these do not match the frequencies of the given labels.
    classes_ : ndarray of shape (n_classes,)
        The classes seen in ``fit``.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are all strings.

    See Also
    --------
    SimiFeatV : Lets the nearest rows vote.

    Notes
    -----
    HOC assumes that a row and its two nearest rows have the same true class. Where they do not, too
    many rows are flagged. Time and memory grow with the number of classes, and of the combinations
    of three labels that occur.

    NOTE[DIFF]: features are centred and scaled like those of the default net (see
    ``skdynacor.nets.make_mlp_classifier``), since columns may have any unit; the paper uses those
    of a pretrained encoder unscaled.

    NOTE[DIFF]: the paper repeats this on augmented images, and takes the majority; HOC averages
    over samples of the rows. Here features are fixed, and all rows are used once.

    NOTE[DIFF]: many rows have equal scores. Ties are broken by the sum of the similarities to
    neighbours of the same label, less those to the others: lower sums are flagged first.

    References
    ----------
    .. [1] Zhu, Dong, Liu, "Detecting Corrupted Labels Without Training a Model to Predict",
       ICML 2022, Section 3. https://doi.org/10.48550/arXiv.2110.06283
    .. [2] Zhu, Song, Liu, "Clusterability as an Alternative to Anchor Points When Learning with
       Noisy Labels", ICML 2021 (HOC). https://doi.org/10.48550/arXiv.2102.05291

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdynacor.baselines import SimiFeatR
    >>> from skdynacor.datasets import make_label_noise
    >>> X, y = load_digits(return_X_y=True)
    >>> y, wrong = make_label_noise(y, "symmetric", 0.2, random_state=0)
    >>> detector = SimiFeatR().fit(X, y)
    >>> print(f"{detector.flags_[wrong].mean():.2f} {detector.flags_[~wrong].mean():.2f}")
    0.95 0.03
    >>> print(f"{detector.estimated_noise_rate_:.2f}")
    0.21
    """

    def _detect(self, X, codes):
        n, n_classes = len(X), len(self.classes_)
        k = min(self.n_neighbors, n - 1)
        neighbors, similarities = nearest_rows(directions(X), max(k, 2))  # HOC needs two

        triples = np.column_stack([codes, codes[neighbors[:, :2]]])
        T, p = estimate_transition(triples, n_classes)
        self.transition_matrix_, self.prior_ = T, p
        self.estimated_noise_rate_ = float(1 - p @ T.diagonal())

        labels = codes[neighbors[:, :k]]
        votes = count_votes(labels, n_classes)
        scores = votes[np.arange(n), codes] / np.linalg.norm(votes, axis=1)
        agree = np.where(labels == codes[:, None], 1, -1)
        tie_breaker = np.einsum("ij,ij->i", agree, similarities[:, :k])
        given = np.bincount(codes)
        right = (n * p * T.diagonal()).clip(max=given)  # by Bayes, of the rows given each class
        n_flagged = np.rint(given - right).astype(int)
        return flag_lowest(scores, tie_breaker, codes, n_flagged), 1 - scores
