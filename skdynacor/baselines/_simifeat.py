"""SimiFeat: compare each label with those of the nearest rows, without training."""

import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors

from ..nets._mlp import input_factor
from ..utils.moments import mean_and_scale
from ..utils.sklearn_private import Count
from ._hoc import estimate_transition
from ._transductive_detector import TransductiveDetector


def directions(X):
    """Scale rows as the default net does, and give each a length of 1.

    A row at the mean of all has no direction; it gets one of its own, at right angles to the rest.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), float32

    Returns
    -------
    unit : ndarray of shape (n_samples, n_features + 1), float32
    """
    mean, scale = mean_and_scale(X)
    factor = input_factor(torch.from_numpy(scale)).numpy()
    rows = (X - mean.astype(X.dtype)) * factor.astype(X.dtype)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    at_mean = norms == 0
    return np.hstack([rows / np.where(at_mean, 1, norms), at_mean.astype(X.dtype)])


def nearest_rows(unit, n_neighbors):
    """Find the nearest other rows by cosine similarity.

    Parameters
    ----------
    unit : ndarray of shape (n_samples, n_dims)
        Rows of length 1.
    n_neighbors : int < n_samples

    Returns
    -------
    neighbors : ndarray of shape (n_samples, n_neighbors), int64
        Nearest first. A row is never its own neighbour, a duplicate of it may be.
    similarities : ndarray of shape (n_samples, n_neighbors), float64
    """
    # On rows of length 1 the Euclidean distance sorts alike, and scikit-learn is quicker at it.
    search = NearestNeighbors(n_neighbors=n_neighbors, algorithm="brute").fit(unit)
    distances, neighbors = search.kneighbors()  # without an argument: of each row, less itself
    return neighbors, 1 - np.square(distances, dtype=np.float64) / 2


def count_votes(labels, n_classes):
    """Count how often each class is among a row's ``labels``.

    Parameters
    ----------
    labels : ndarray of shape (n_samples, n_neighbors), int64
        From 0 to n_classes − 1.
    n_classes : int

    Returns
    -------
    votes : ndarray of shape (n_samples, n_classes), int64
    """
    n = len(labels)
    cells = labels + n_classes * np.arange(n)[:, None]
    return np.bincount(cells.ravel(), minlength=n * n_classes).reshape(n, n_classes)


def flag_lowest(scores, tie_breaker, codes, n_flagged):
    """Flag in each class the rows of the lowest scores.

    Parameters
    ----------
    scores, tie_breaker : ndarray of shape (n_samples,)
        Equal scores are ordered by the second.
    codes : ndarray of shape (n_samples,), int64
        Classes from 0 to n_classes − 1.
    n_flagged : ndarray of shape (n_classes,), int64
        How many to flag of each class.

    Returns
    -------
    flags : ndarray of shape (n_samples,), bool
    """
    order = np.lexsort([tie_breaker, scores, codes])
    ordered = codes[order]
    rank = np.arange(len(codes)) - np.searchsorted(ordered, ordered)
    flags = np.empty(len(codes), dtype=bool)
    flags[order] = rank < n_flagged[ordered]
    return flags


class NearestRowsDetector(TransductiveDetector):
    """Base class of both detectors."""

    _parameter_constraints: dict = {"n_neighbors": [Count(1)]}

    def __init__(self, n_neighbors=10):
        self.n_neighbors = n_neighbors

    @staticmethod
    def _row_params(X):
        return {"dtype": np.float32}


class SimiFeatV(NearestRowsDetector):
    """Flag rows whose label most of their nearest rows do not have.

    Parameters
    ----------
    n_neighbors : int >= 1, default=10
        How many of the nearest other rows vote (k of the paper), by the cosine similarity of the
        features. All the others do, where there are fewer.

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
    SimiFeatR : Ranks the rows, and estimates how many labels are wrong.

    Notes
    -----
    NOTE[DIFF]: features are centred and scaled like those of the default net (see
    ``skdynacor.nets.make_mlp_classifier``), since the columns of a table may have any unit; the
    paper takes those of a pre-trained encoder as they come.

    NOTE[DIFF]: the paper repeats the vote on augmented images, and lets the repetitions vote. Here
    features are fixed, and one vote decides.

    NOTE[DIFF]: where several classes have the most votes, the row is kept if its own label is
    among them; the paper draws one of them at random.

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

    How many is estimated by HOC, from how often rows and their two nearest rows have which labels.

    Parameters
    ----------
    n_neighbors : int >= 1, default=10
        How many of the nearest other rows give the score (k of the paper), by the cosine
        similarity of the features. All the others do, where there are fewer.

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
        ``noise_rate_`` where these do not match the frequencies of the given labels.
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
    HOC takes it that a row and its two nearest rows share the true class. Where they do not, it
    takes the difference for wrong labels, and too many rows are flagged. Its time and memory grow
    with the number of classes and of the combinations of three labels that occur.

    NOTE[DIFF]: features are centred and scaled like those of the default net (see
    ``skdynacor.nets.make_mlp_classifier``), since the columns of a table may have any unit; the
    paper takes those of a pre-trained encoder as they come.

    NOTE[DIFF]: the paper repeats all this on augmented images, and lets the repetitions vote; HOC
    averages over samples of the rows. Here features are fixed, and all rows are used once.

    NOTE[DIFF]: few scores are possible, and many rows are equal where the flags end. Ties are
    broken by the sum of the similarities to the neighbours of the same label, less those to the
    others: lower sums are flagged first.

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
        lean = np.einsum("ij,ij->i", agree, similarities[:, :k])
        given = np.bincount(codes)
        right = (n * p * T.diagonal()).clip(max=given)  # by Bayes, of the rows given each class
        n_flagged = np.rint(given - right).astype(int)
        return flag_lowest(scores, lean, codes, n_flagged), 1 - scores
