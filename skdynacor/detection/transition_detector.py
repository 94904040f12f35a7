"""Telling wrong labels from right ones by what classes get mistaken for which."""

import warnings

import numpy as np
from scipy.special import expit
from sklearn.utils.validation import check_is_fitted

from ..groundwork.random_numbers import draw_random_state, make_rng
from ..groundwork.sklearn_private import validates_parameters
from ..groundwork.validation import MIN_SAMPLES, check_weights, unchanged_on_error, validate_data
from ..noise_model.mixture import average_with, fit_mixture
from ..noise_model.noise_model import NoiseModel
from .trajectory_detector import TrajectoryDetector


class TransitionDetector(TrajectoryDetector):
    """Flag rows whose label is more likely a mistake for the class that they look like.

    It reads the beliefs that come along with the trajectories of a ``DynamicsCollector``: which
    classes each row looked like over the training. From these it estimates how often each class is
    mistaken for each other (the noise transition), and with it the probability that each label is
    wrong, and which label would be right.

    Parameters
    ----------
    random_state : int, RandomState instance or None, default=None
        Decides where the mixture starts. Pass an int for results that repeat.

    Attributes
    ----------
    flags_ : ndarray of shape (n_samples,), bool
        True where the label is judged wrong: its probability to be is above one half.
    noise_probability_ : ndarray of shape (n_samples,)
        Probability that the label is wrong.
    noise_rate_ : float
        Mean of ``noise_probability_``: the estimated share of wrong labels.
    transition_ : ndarray of shape (n_classes, n_classes)
        Probability that a row of one class (its row) has the label of another (its column). None if
        X carried no beliefs; so are the next five.
    learnt_ : ndarray of shape (n_classes,), bool
        False for a class that has less than half as many rows as classes have on average, and that
        hardly any row looks like. Its labels are left alone.
    class_noise_rates_ : ndarray of shape (n_classes,)
        The estimated share of wrong labels among the rows labelled with each class.
    suggested_labels_ : ndarray of shape (n_samples,)
        The given label where a row is not flagged, else the likeliest of the others.
    suggested_label_probability_ : ndarray of shape (n_samples,)
        Probability that the suggested label is right.
    classes_ : ndarray of shape (n_classes,)
        The labels that rows and columns of ``transition_`` stand for.
    found_copies_ : float or None
        The share of the planted wrong labels that are flagged, each counted by how often its kind
        of mistake is made (the entry of ``transition_``); None without copies or beliefs. It
        estimates the recall where mistakes depend on the classes alone; where they depend on the
        row, as those of people do, fewer are found.
    n_features_in_ : int
        Number of epochs of the trajectories.

    Warns
    -----
    UserWarning
        If X carries no beliefs. Then the mean of a trajectory stands for the log-odds of the label
        against all others, as that of ``"logit_difference"`` does, and labels are told apart by the
        mixture.

    See Also
    --------
    DynaCorDetector : The paper's detector.
    DynamicsCollector : Records trajectories and beliefs.

    Notes
    -----
    Let p(c) be a row's belief and T[c, g] the probability that class c is given label g. The
    posterior of the classes is in proportion to p(c)^s T[c, g]. T comes from anchors [1]_, the rows
    that most surely look like a class; the sharpness s from the likelihood of the given labels; and
    the log-odds of a wrong label are shifted so that they agree with the noise rate that T implies.
    Where beliefs are ``separable``, they are averaged with those of a mixture of two Gaussians.
    The guide on the noise model says why each part is there.

    The paper flags by the shape of quantised trajectories. This detector does not look at it. It
    needs beliefs of models that were not told the labels: those of
    ``DynamicsCollector(held_out=True)``.

    References
    ----------
    .. [1] Patrini et al., "Making Deep Neural Networks Robust to Label Noise: a Loss Correction
       Approach", CVPR 2017. https://doi.org/10.48550/arXiv.1609.03683

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from skdynacor import DynamicsCollector, TransitionDetector
    >>> X, y = load_wine(return_X_y=True)
    >>> y[[3, 70, 150]] = [2, 0, 1]
    >>> T = DynamicsCollector(held_out=True, random_state=0).fit_transform(X, y)
    >>> detector = TransitionDetector(random_state=0).fit(T)
    >>> detector.suggested_labels_[[3, 70, 150]]
    array([0, 1, 2])
    """

    _parameter_constraints: dict = {"random_state": ["random_state"]}

    def __init__(self, *, random_state=None):
        self.random_state = random_state

    @validates_parameters
    def fit(self, X, y=None):
        """Learn which classes are mistaken for which.

        Parameters
        ----------
        X : CorruptedArray of shape (n_samples, n_epochs)
            Trajectories, at least five, with the beliefs that ``DynamicsCollector`` gives them.
        y : Ignored
            For the conventions of scikit-learn.

        Returns
        -------
        self : TransitionDetector
        """
        with unchanged_on_error(self):
            beliefs, copies = getattr(X, "beliefs", None), getattr(X, "corrupted", None)
            X = validate_data(self, X, ensure_min_samples=MIN_SAMPLES)
            if beliefs is None:
                warnings.warn(
                    "X carries no beliefs, so each trajectory's mean is taken for the log-odds of "
                    "its label. Pass what DynamicsCollector returns, as it is: steps that change "
                    "it, slices and data frames drop the beliefs.",
                    stacklevel=3,
                )
            seed = draw_random_state(make_rng(self.random_state, "TransitionDetector"))
            self._fit(X, beliefs, seed)
            self.found_copies_ = None
            if beliefs is not None and getattr(copies, "beliefs", None) is not None:
                self.found_copies_ = self._find(copies, beliefs)
        return self

    def _find(self, copies, beliefs):
        if len(copies.labels) == 0:
            return None
        of_sources = self._model.class_probabilities(
            beliefs.logits[copies.sources], beliefs.labels[copies.sources]
        )
        planted = copies.beliefs.labels
        of_sources[np.arange(len(planted)), planted] = 0  # not a mistake, then
        kinds = np.einsum("ij,ji->i", of_sources, self.transition_[:, planted])
        kinds += np.finfo(float).tiny  # should all be impossible, they count alike
        return float(np.average(self._odds_of(copies.beliefs) > 0, weights=kinds))

    def _fit(self, X, beliefs, seed):
        self.classes_ = self.transition_ = self.learnt_ = self.class_noise_rates_ = None
        self.suggested_labels_ = self.suggested_label_probability_ = None
        if beliefs is None:
            self._model = fit_mixture(_levels(X), seed)
        else:
            self._model = NoiseModel(beliefs.separable).fit(beliefs.logits, beliefs.labels, seed)
            self.classes_ = beliefs.classes
            self.transition_, self.learnt_ = self._model.transition, self._model.learnt
        self.noise_probability_ = expit(self._log_odds(X, beliefs))
        self.flags_ = self.noise_probability_ > 0.5
        self.noise_rate_ = float(self.noise_probability_.mean())
        if beliefs is not None:
            n_rows = np.bincount(beliefs.labels, minlength=len(self.classes_))
            n_wrong = np.bincount(beliefs.labels, self.noise_probability_, len(self.classes_))
            self.class_noise_rates_ = n_wrong / np.maximum(n_rows, 1)
            self._suggest(beliefs)

    def _suggest(self, beliefs):
        suggested, probability = beliefs.labels.copy(), 1 - self.noise_probability_
        flagged = np.flatnonzero(self.flags_)
        rows, labels = np.arange(len(flagged)), beliefs.labels[flagged]
        others = self._model.class_probabilities(beliefs.logits[flagged], labels)
        others[rows, labels] = 0
        likeliest = suggested[flagged] = others.argmax(axis=1)
        share = others[rows, likeliest] / np.maximum(others.sum(axis=1), np.finfo(float).tiny)
        probability[flagged] = self.noise_probability_[flagged] * share
        self.suggested_labels_ = self.classes_[suggested]
        self.suggested_label_probability_ = probability

    def decision_function(self, X):
        """Give the log-odds that the label is wrong, positive where a row is flagged.

        Parameters
        ----------
        X : CorruptedArray of shape (n_samples, n_epochs)

        Returns
        -------
        scores : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        beliefs = getattr(X, "beliefs", None)
        X = validate_data(self, X, reset=False)
        if (beliefs is None) != (self.classes_ is None):
            had, has = (
                ("no", "has") if self.classes_ is None else ("the", "has lost them or has none")
            )
            raise ValueError(
                f"The X of fit carried {had} beliefs of a DynamicsCollector, and this X "
                f"{has}: pass what the same collector's transform returns, as it is."
            )
        return self._log_odds(X, beliefs)

    def score(self, X, y=None, sample_weight=None):
        """Give how much more often copies are flagged than rows, which needs no clean labels.

        Parameters
        ----------
        X : CorruptedArray of shape (n_samples, n_epochs)
        y : Ignored
            For the conventions of scikit-learn.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts. ``None`` counts all alike.

        Returns
        -------
        score : float
            ``found_copies_`` less the share of X that is flagged, in [−1, 1]; larger is better. 0
            if no copies were there in ``fit``.
        """
        flags = self.predict(X)
        weights = check_weights(sample_weight, flags)
        if self.found_copies_ is None:
            return 0.0
        return float(self.found_copies_ - np.average(flags, weights=weights))

    def _noise_probability(self, X):
        return expit(self.decision_function(X))

    def _odds_of(self, beliefs):
        return self._model.log_odds(beliefs.logits, beliefs.labels)

    def _log_odds(self, X, beliefs):
        if beliefs is not None:
            return self._odds_of(beliefs)
        return average_with(self._model, _levels(X))


def _levels(X):
    """How little rows agree with their labels, on average over the epochs, (n_samples,)."""
    return -X.mean(axis=1, dtype=np.float64)
