"""Clustering the training dynamics of right and wrong labels."""

import copy
import warnings
from numbers import Real

import numpy as np
import torch
from sklearn.cluster import KMeans
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d

from ...utils.progress import progress_bar
from ...utils.random_numbers import draw_random_state, draw_seed, make_rng
from ...utils.sklearn_private import Count, Interval, validates_parameters
from ...utils.torch_settings import choose_device, default_torch_settings, seeded
from ...utils.validation import (
    MIN_SAMPLES,
    check_copies,
    unchanged_on_error,
    validate_data,
)
from ...verdicts._verdicts_mixin import VerdictsMixin
from ...verdicts.thresholds import check_threshold
from .copies_threshold import read_copies
from .distinct_trajectories import distinct_trajectories
from .encoder import fit_encoder, flag, noise_probability, weighted_mean
from .log_odds import fit_log_odds_scale
from .trajectory_detector import TrajectoryDetector

# Entries of trajectories that the encoder takes at a time, and of which it keeps what the backward
# pass needs (0.7 KB each).
_CHUNK_ENTRIES = 10_000
_KEPT_ENTRIES = 60_000


class DynaCorDetector(VerdictsMixin, TrajectoryDetector):
    """Flag rows whose trajectory is in the cluster of wrong labels.

    An encoder maps trajectories to embeddings. Two centroids, clean and noisy, start at the means
    of the originals and of the corrupted copies; encoder and centroids then learn to pull the two
    clusters apart, and the best epoch is chosen without clean labels, by Eq. 9 of the paper.

    Parameters
    ----------
    alpha : float >= 0, default=0.5
        Weight of the alignment of originals and copies (α of Eq. 8; the paper uses 0.05 and 0.5).
        A large weight flags fewer rows, which suits few errors, and misses those that the
        classifier has memorised.
    threshold : {"centroids", "copies", "f1"}, float or ("precision", float), default="centroids"
        Which rows to flag:

        - ``"centroids"``: those that are closer to the noisy centroid (Eq. 4);
        - ``"copies"``: as many as make F1 largest if wrong labels are distributed as those of the
          corrupted copies: right for few errors, where Eq. 4 flags too many, and wrong for errors
          that depend on the class or the row;
        - the others on probabilities, see ``LabelErrorDetector``, once ``recalibrate`` was called.

        With verdicts, the first two flag rows that are more likely wrong than right.
    max_epochs : int >= 0, default=8
        Number of training steps, each on all the rows. 0 keeps the untrained encoder.
    lr : float > 0, default=0.00085
        Step size of Adam. NOTE[DIFF]: the paper trains 15 epochs in steps of 1e-5 on batches of
        1,024 rows. What counts is how far the weights may go, ``max_epochs * lr``, here 0.0068; 15
        epochs of 46,000 rows come to as much. The further they go, the more rows are flagged.
    device : str, default="auto"
        Where to train: ``"auto"`` takes CUDA when there is one.
    verbose : int, default=0
        1 shows a progress bar over the encoder's training, on standard error, which needs tqdm.
    random_state : int, RandomState instance or None, default=None
        Determines the encoder's initial weights. Pass an int for reproducible results.

    Attributes
    ----------
    flags_ : ndarray of shape (n_samples,), bool
        True where the label looks wrong, by ``threshold`` or by verdict.
    noise_probability_ : ndarray of shape (n_samples,)
        q_noisy of Eq. 3. It ranks rows; it is not calibrated but by verdicts.
    threshold_ : float
        Rows without a verdict are flagged above this noise probability.
    noise_rate_ : float
        Share of wrong labels: that of the rows flagged by the centroids, an estimate by the copies,
        or the mean noise probability with verdicts.
    noise_rate_interval_ : tuple of (float, float)
        The rates by centroids and copies; with verdicts, a 95 % interval.
    status_ : ndarray of shape (n_samples,), str
        "wrong" if flagged by centroids and copies, "in doubt" if by one of them, else "fine". With
        verdicts as in ``LabelErrorDetector``.
    verdicts_, precision_interval_, recall_interval_, n_remaining_, verdicts_needed_
        See ``LabelErrorDetector``.
    centroids_ : ndarray of shape (2, n_dims)
        Clean, noisy.
    validation_scores_ : ndarray of shape (max_epochs + 1,)
        Eq. 9 before training and after each epoch, in [0, 1].
    best_epoch_ : int
        The epoch whose encoder is kept; 0 is the untrained one.
    encoder_ : torch.nn.Module
        Maps trajectories (n_samples, n_epochs) to embeddings (n_samples, n_dims).
    n_features_in_ : int
        Number of epochs of the trajectories.

    Warns
    -----
    UserWarning
        If X carries no corrupted copies. Then the centroids come from k-means, and the cluster
        whose trajectories are lower on average is taken as noisy.

    See Also
    --------
    LabelCorruptor : Makes the corrupted copies.
    DynamicsCollector : Records trajectories of rows and copies.

    Notes
    -----
    Trajectories that hold two values repeat: the encoder runs once on each distinct one, weighted
    by the originals and copies that share it, so Eq. 3 to 9 are exact over all rows. Time grows
    with the number of distinct trajectories.

    NOTE[DIFF]: trajectories are divided by their root-mean-square, so that real-valued signals of
    any unit train alike; quantised ones (±1) stay as they are.

    NOTE[DIFF]: flags and Eq. 9 use the cosine distance of the text throughout; the public code
    evaluates by squared Euclidean distance.

    References
    ----------
    .. [1] Kim et al., "Learning Discriminative Dynamics with Label Corruption for Noisy Label
       Detection", CVPR 2024, Section 4.3. https://doi.org/10.48550/arXiv.2405.19902

    Examples
    --------
    Dynamics may come from any training loop.

    >>> import numpy as np
    >>> from skdynacor import CorruptedArray, CorruptedCopies, DynaCorDetector
    >>> rng = np.random.default_rng(0)
    >>> right = np.where(rng.random((80, 10)) < 0.98, 1.0, -1.0)
    >>> wrong = np.where(rng.random((40, 10)) < 0.02, 1.0, -1.0)
    >>> T = np.concatenate([right, wrong[:20]])
    >>> copies = CorruptedCopies(wrong[20:], labels=np.ones(20), sources=np.arange(20))
    >>> flags = DynaCorDetector(random_state=0).fit_predict(CorruptedArray(T, copies))
    >>> int(flags[:80].sum()), int(flags[80:].sum())
    (0, 20)
    """

    _parameter_constraints: dict = {
        "alpha": [Interval(Real, 0, None, closed="left")],
        "threshold": "no_validation",  # see check_threshold
        "max_epochs": [Count(0)],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "device": [str],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        alpha=0.5,
        *,
        threshold="centroids",
        max_epochs=8,
        lr=8.5e-4,
        device="auto",
        verbose=0,
        random_state=None,
    ):
        self.alpha = alpha
        self.threshold = threshold
        self.max_epochs = max_epochs
        self.lr = lr
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    @validates_parameters
    @unchanged_on_error
    def fit(self, X, y=None):
        """Learn the clusters of right and wrong labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_epochs)
            Trajectories, at least five; a ``CorruptedArray`` brings those of its copies.
        y : Ignored
            For the conventions of scikit-learn.

        Returns
        -------
        self : DynaCorDetector
        """
        corrupted = getattr(X, "corrupted", None)
        self._check_threshold()
        X = validate_data(self, X, dtype=np.float32, ensure_min_samples=MIN_SAMPLES)
        if corrupted is None:
            warnings.warn(
                "X carries no corrupted copies, so the centroids come from k-means, which "
                "knows nothing of wrong labels. Put a LabelCorruptor before the "
                "DynamicsCollector, and steps that change X (scalers, PCA) before the "
                "LabelCorruptor: between the two they drop the copies.",
                stacklevel=4,
            )
        self._fit(X, check_copies(corrupted, X))
        return self

    def staged_transform(self, X):
        """Yield the embeddings and centroids of each epoch of training, the untrained one first.

        For looking at how the encoder learns, and for other rules than Eq. 9 to stop it by.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_epochs)

        Yields
        ------
        embeddings : ndarray of shape (n_samples, n_dims)
        centroids : ndarray of shape (2, n_dims)
            Clean, noisy.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        distinct, (inverse,) = distinct_trajectories(X)
        for encoder, centroids in self._stages:
            yield torch.cat([*self._embed(distinct, encoder)]).numpy()[inverse], centroids

    def staged_predict_proba(self, X):
        """Yield the probabilities after each epoch of training, the untrained encoder's first.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_epochs)

        Yields
        ------
        probabilities : ndarray of shape (n_samples, 2)
            Clean, noisy.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        distinct, (inverse,) = distinct_trajectories(X)
        for stage in self._stages:
            q_noisy = self._q_noisy(distinct, *stage)[inverse]
            yield np.column_stack([1 - q_noisy, q_noisy])

    def decision_function(self, X):
        """Give twice the distance of the noise probability from the threshold.

        It is positive where a row is flagged: q_noisy − q_clean by the centroids.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_epochs)

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            In [−2, 2].
        """
        return 2 * (self._noise_probability(X) - self.threshold_)

    def score(self, X, y=None, sample_weight=None):
        """Give the validation metric (Eq. 9), which needs no clean labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_epochs)
            The copies of ``fit`` serve where X carries none.
        y : Ignored
            For the conventions of scikit-learn.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts. ``None`` counts all alike.

        Returns
        -------
        score : float
            In [0, 1], larger is better. 0 if no copy is flagged, or all of X is.
        """
        q_noisy, noisy = self._closeness_to_noisy(X), self._flagged_copies_mean
        if getattr(X, "corrupted", None) is not None:
            noisy = _mean_where_flagged(self._closeness_to_noisy(X.corrupted.data))
        weights = np.ones(len(X)) if sample_weight is None else column_or_1d(sample_weight)
        check_consistent_length(q_noisy, weights)
        weights = np.where(flag(q_noisy), 0, weights)
        if noisy is None or not weights.any():
            return 0.0
        return float((noisy - np.average(q_noisy, weights=weights)) ** 2)

    @default_torch_settings()
    def _fit(self, X, copies):
        distinct, (of_originals, of_copies) = distinct_trajectories(X, copies)
        counts = [
            np.bincount(inverse, minlength=len(distinct)) for inverse in (of_originals, of_copies)
        ]
        w_originals, w_copies = (torch.from_numpy(c).float() for c in counts)
        squares = np.einsum("ij,ij->i", distinct, distinct, dtype=np.float64)
        rms = float(
            np.sqrt(squares @ (counts[0] + counts[1]) / (len(X) + len(copies)) / X.shape[1])
        )
        self._scale = rms or 1.0

        device = choose_device(self.device)
        trajectories = torch.from_numpy(distinct).to(device) / self._scale
        w_originals, w_copies = w_originals.to(device), w_copies.to(device)
        rng = make_rng(self.random_state, "DynaCorDetector")
        kmeans_seed = draw_random_state(rng)

        def make_centroids(embeddings):
            if len(embeddings) < 2:  # all rows and copies alike: one cluster
                return embeddings.repeat(2, 1)
            if not len(copies):
                return _kmeans_centroids(embeddings, w_originals, trajectories, kmeans_seed)
            means = [weighted_mean(embeddings, weights) for weights in (w_originals, w_copies)]
            return torch.stack(means)

        bar = progress_bar(self.verbose, self.max_epochs)
        with bar as advance, seeded(draw_seed(rng)):
            stages = fit_encoder(
                trajectories,
                w_originals,
                w_copies,
                make_centroids,
                alpha=self.alpha,
                n_epochs=self.max_epochs,
                lr=self.lr,
                chunk=max(1, _CHUNK_ENTRIES // X.shape[1]),
                keep=_KEPT_ENTRIES // X.shape[1],
                advance=advance,
            )
        self._stages = [
            (stage.encoder.cpu(), stage.centroids.cpu().double().numpy()) for stage in stages
        ]
        self.validation_scores_ = np.array([stage.score for stage in stages])
        if not all(np.isfinite(centroids).all() for _, centroids in self._stages):
            raise ValueError(
                f"The encoder's training diverged; lower lr={self.lr:g} or alpha={self.alpha:g}."
            )
        self.best_epoch_ = int(np.argmax(self.validation_scores_))
        self.encoder_, self.centroids_ = self._stages[self.best_epoch_]

        q_noisy = self._q_noisy(distinct, self.encoder_, self.centroids_)
        of_rows, of_copies = q_noisy[of_originals], q_noisy[of_copies]
        examples = of_copies if len(copies) else of_rows[flag(of_rows)]
        self._flagged_copies_mean = _mean_where_flagged(examples)
        self._copies = read_copies(of_rows, of_copies) if len(copies) else None
        thresholds = [0.5] if self._copies is None else [0.5, self._copies.threshold]
        self._log_odds_scale = fit_log_odds_scale(of_rows, examples, thresholds)
        log_odds = self._log_odds_scale.log_odds(of_rows)
        rows = np.arange(len(of_rows))
        self._start(of_rows, log_odds, np.zeros_like(rows), n_classes=1, keys=rows)

    def _check_threshold(self):
        check_threshold(self.threshold, ("centroids", "copies", "f1"))

    def _find_threshold(self, probability):
        if self.threshold == "copies" and self._copies is None:
            raise ValueError(
                'threshold="copies" needs corrupted copies, which X does not carry. Put a '
                'LabelCorruptor before the DynamicsCollector, or pass threshold="centroids".'
            )
        if self.threshold not in ("centroids", "copies"):
            return super()._find_threshold(probability)
        by_copies = self.threshold == "copies" and self._recalibration is None
        return self._copies.threshold if by_copies else 0.5

    def _describe(self):
        """Set what is known without class probabilities."""
        by_centroids = flag(self._without_verdicts)
        by_copies, rates = by_centroids, [float(by_centroids.mean())]
        if self._copies is not None:
            by_copies = self._without_verdicts > self._copies.threshold
            rates.append(self._copies.noise_rate)
        self.status_ = self._find_status(by_centroids & by_copies, by_centroids | by_copies)
        if self._recalibration is None:
            self.noise_rate_interval_ = min(rates), max(rates)
            self.noise_rate_ = rates[-1] if self.threshold == "copies" else rates[0]

    def _noise_probability(self, X):
        q_noisy = self._closeness_to_noisy(X)
        if self._recalibration is None:
            return q_noisy
        codes = np.zeros(len(q_noisy), dtype=int)
        return self._recalibration.probability(self._log_odds_scale.log_odds(q_noisy), codes)

    def _closeness_to_noisy(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        distinct, (inverse,) = distinct_trajectories(X)
        return self._q_noisy(distinct, self.encoder_, self.centroids_)[inverse]

    @torch.no_grad()
    def _embed(self, distinct, encoder):
        """Yield the embeddings of distinct trajectories by the chunk, (n_chunk, n_dims) float64.

        In double precision, so that a row's probability does not depend on the rows beside it.
        """
        encoder = copy.deepcopy(encoder).double()
        for part in torch.from_numpy(distinct).split(max(1, _CHUNK_ENTRIES // distinct.shape[1])):
            yield encoder(part.double() / self._scale)

    def _q_noisy(self, distinct, encoder, centroids):
        """q_noisy of distinct trajectories, (n_distinct,)."""
        centroids = torch.from_numpy(centroids)
        chunks = self._embed(distinct, encoder)
        return torch.cat([noise_probability(chunk, centroids) for chunk in chunks]).numpy()


def _mean_where_flagged(q_noisy):
    flagged = q_noisy[flag(q_noisy)]
    return float(flagged.mean()) if flagged.size else None


def _kmeans_centroids(embeddings, weights, trajectories, seed):
    """Centroids (clean, noisy) by k-means; noisy is the cluster of the lower trajectories."""
    kmeans = KMeans(n_clusters=2, n_init=10, random_state=seed)
    members = kmeans.fit_predict(embeddings.cpu().numpy(), sample_weight=weights.cpu().numpy())
    levels = trajectories.mean(dim=1).cpu().numpy()
    average = [
        np.average(levels[members == k], weights=weights.cpu()[members == k]) for k in (0, 1)
    ]
    order = [1, 0] if average[0] < average[1] else [0, 1]
    centroids = torch.from_numpy(kmeans.cluster_centers_[order])
    return centroids.to(embeddings)
