"""Label errors of any data: out-of-sample class probabilities and a noise model."""

import warnings

import numpy as np
from scipy.special import expit
from sklearn.base import clone
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted, check_memory

from .noise_model.learnability import assess
from .noise_model.noise_model import NoiseModel
from .out_of_sample.ensemble import (
    PARAMETER_CONSTRAINTS,
    EstimatorsMixin,
    OutOfSampleEnsemble,
)
from .utils.labels import find_similar_labels
from .utils.notebooks import FlagsMixin
from .utils.random_numbers import make_rng
from .utils.sklearn_private import Count, HasMethods, validates_arguments, validates_parameters
from .utils.validation import (
    encode_known_labels,
    unchanged_on_error,
    validate_data,
    validate_rows_and_labels,
)
from .verdicts._review_sample import add_controls
from .verdicts._verdicts_mixin import VerdictsMixin
from .verdicts.thresholds import check_threshold

#: Controls of a review are drawn of this share of the rows, least likely wrong.
_SURELY_RIGHT = 0.25


class LabelErrorDetector(VerdictsMixin, FlagsMixin, EstimatorsMixin):
    """Find label errors.

    Scores every row with out-of-sample class probabilities of a neural net, linear models and
    forests, weighted by maximum likelihood, estimates how often each class is labelled as each
    other, and flags the labels that are more likely wrong than right. It needs no clean labels, and
    may be the last step of a pipeline.

    Parameters
    ----------
    estimator : estimator or None, default=None
        A classifier to use in place of the default ``estimators``, and no other: a skorch net, or
        any with ``predict_proba`` or ``decision_function``. It is cloned.
    estimators : list of (str, estimator) or None, default=None
        Names and classifiers, as in ``StackingClassifier``. ``None`` takes a neural net, logistic
        regression, a support vector machine (up to 2,000 rows), extremely randomized trees (up to
        100 classes) and a random forest (up to 50), named ``net``, ``logistic_regression``,
        ``svm``, ``extra_trees`` and ``random_forest``. Their parameters
        are set by name, as in ``set_params(net__lr=0.01)``.
    cv : int, cross-validation generator, iterable or None, default=None
        Folds by which nets and other classifiers are cross-fitted; bootstrapped forests score out
        of bag. An int stratifies by class and shuffles. ``None`` makes two folds for nets and five
        for others (two of more than 2,000 rows), twice for fewer than 900 rows.
    threshold : float in (0, 1), "f1" or ("precision", float), default=0.5
        Which labels to flag: those wrong with more than this probability; as many as make the
        expected F1 largest, none below 0.3 [3]_; or as many as have this expected precision. After
        ``set_params(threshold=...)``, ``recalibrate`` applies it without training.
    device : str, default="auto"
        Where to train nets: ``"auto"`` takes CUDA when there is one.
    n_jobs : int or None, default=None
        Folds to train at a time, and jobs of a forest that has no ``n_jobs`` of its own, by
        joblib's conventions. Results are the same for any number.
    memory : str, joblib.Memory or None, default=None
        Where to cache the trained estimators and their probabilities.
    verbose : int, default=0
        1 shows a progress bar over epochs, trees and folds, on standard error; it needs tqdm.
    random_state : int, RandomState instance or None, default=None
        Determines the folds and the training. Pass an int for reproducible results.

    Attributes
    ----------
    flags_ : ndarray of shape (n_samples,), bool
        True where the label looks wrong, by ``threshold`` or by verdict.
    noise_probability_ : ndarray of shape (n_samples,)
        Probability that the label is wrong; 0 or 1 by verdict.
    threshold_ : float
        Labels without a verdict are flagged above this noise probability.
    status_ : ndarray of shape (n_samples,), str
        "wrong": by both transition matrices of the noise model; "in doubt": an error unless classes
        overlap there, or labels can hardly be learnt; else "fine". With verdicts, labels are in
        doubt whose noise probability has 0.5 in its 95 % interval.
    suggested_labels_ : ndarray of shape (n_samples,)
        The given label where a row is not flagged, else the likeliest other class.
    suggested_label_probability_ : ndarray of shape (n_samples,)
        Probability that the suggested label is right.
    noise_rate_ : float
        Estimated share of wrong labels: the mean of ``noise_probability_``.
    noise_rate_interval_ : tuple of (float, float)
        The same if labels that disagree with the models are mostly class overlap, and if they are
        all wrong. Features and labels alone cannot tell which it is. With verdicts, a 95 %
        interval.
    verdicts_ : ndarray of shape (n_samples,), int
        The verdicts: 1 wrong, 0 right, −1 none.
    precision_interval_, recall_interval_ : tuple of (float, float)
        95 % intervals, with verdicts only: the share of flagged labels that are wrong, and of wrong
        labels that are flagged, among rows without a verdict. NaN if there are none.
    n_remaining_ : float
        With verdicts only: expected number of wrong labels that are neither flagged nor reviewed.
    verdicts_needed_ : int
        With verdicts only: about how many more until ``noise_rate_interval_`` is half as wide.
    learnability_ : Learnability
        Out-of-sample accuracy of the models beside that of always predicting the commonest class,
        and the expected precision and recall of the flags; as text, one sentence.
    duplicated_share_ : float
        Share of the rows that equal another row in all features.
    class_noise_rates_ : ndarray of shape (n_classes,)
        The same among the rows labelled with each class.
    transition_matrix_ : ndarray of shape (n_classes, n_classes)
        Probability that a row of one class (its row) is labelled with another (its column).
    injected_recall_ : float
        Share of injected label errors, distributed by the transition matrix, that would be flagged.
        It estimates the recall where errors depend on the classes alone; where they depend on the
        row, as those of people do, fewer are found.
    weights_ : dict of str to float
        Each estimator's weight; 0 if it was not needed.
    log_probs_ : ndarray of shape (n_samples, n_classes), float32
        Out-of-sample log-probabilities of the classes.
    estimators_ : dict of str to list of estimator
        The fitted clones of each estimator that is used.
    classes_ : ndarray of shape (n_classes,)
        The classes, in the order of the columns.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are all strings.

    See Also
    --------
    find_label_issues : The same from class probabilities that you have.
    skdynacor.inspection.label_issues : Lists what was found.
    make_dynacor_pipeline : The paper's method.

    Notes
    -----
    Let p(c) be a row's class probability and T[c, g] the probability that class c is given label g.
    The posterior of the classes is in proportion to p(c)^s T[c, g]. T is estimated twice, by
    anchors [1]_, the rows predicted with the largest margins, and by the confident joint [2]_; the
    inverse temperature s by the likelihood of the given labels. The log-odds are the mean of both,
    with an offset that matches them to the noise rate that T implies. The guide on the noise model
    explains each part.

    Class overlap and label errors cannot be distinguished from the data alone: see
    ``noise_rate_interval_`` and ``learnability_``.

    References
    ----------
    .. [1] Patrini et al., "Making Deep Neural Networks Robust to Label Noise: a Loss Correction
       Approach", CVPR 2017. https://doi.org/10.48550/arXiv.1609.03683
    .. [2] Northcutt et al., "Confident Learning: Estimating Uncertainty in Dataset Labels",
       JAIR 2021. https://doi.org/10.48550/arXiv.1911.00068
    .. [3] Lipton et al., "Optimal Thresholding of Classifiers to Maximize F1 Measure", ECML 2014.
       https://doi.org/10.48550/arXiv.1402.1892

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdynacor import LabelErrorDetector
    >>> X, y = load_digits(n_class=3, return_X_y=True)
    >>> y[[3, 70, 150]] = [2, 0, 1]
    >>> detector = LabelErrorDetector(random_state=0)
    >>> flags = detector.fit_predict(X, y)
    >>> flags[[3, 70, 150]]
    array([ True,  True,  True])
    >>> detector.suggested_labels_[[3, 70, 150]]
    array([0, 1, 0])
    """

    _parameter_constraints: dict = {
        **PARAMETER_CONSTRAINTS,
        "estimator": [HasMethods(["fit"]), None],
        "threshold": "no_validation",  # see check_threshold
        "memory": [str, HasMethods(["cache"]), None],
    }

    def __init__(
        self,
        estimator=None,
        *,
        estimators=None,
        cv=None,
        threshold=0.5,
        device="auto",
        n_jobs=None,
        memory=None,
        verbose=0,
        random_state=None,
    ):
        self.estimator = estimator
        self.estimators = estimators
        self.cv = cv
        self.threshold = threshold
        self.device = device
        self.n_jobs = n_jobs
        self.memory = memory
        self.verbose = verbose
        self.random_state = random_state

    @validates_parameters
    @unchanged_on_error
    def fit(self, X, y, groups=None, verdicts=None):
        """Find the label errors.

        Parameters
        ----------
        X : array-like or sparse array of shape (n_samples, n_features), or (n_samples, ...)
            Rows, at least five.
        y : array-like of shape (n_samples,)
            The given labels, of at least two classes.
        groups : array-like of shape (n_samples,), default=None
            Rows of one group (a patient's visits, near-duplicates) are never scored by a model that
            was trained on another row of it. Without groups, equal rows form one.
        verdicts : array-like of shape (n_samples,), or data frame, default=None
            A person's verdicts on some labels, see ``recalibrate``.

        Returns
        -------
        self : LabelErrorDetector

        Warns
        -----
        UserWarning
            If some labels differ only in case, or in blanks before or after.
        """
        ensemble = self._make_ensemble()
        ensemble.check_estimators()
        self._check_threshold()
        X, self.classes_, codes = validate_rows_and_labels(self, X, y, **ensemble.row_params(X))
        _warn_of_similar_labels(self.classes_, codes)
        fit_ensemble = check_memory(self.memory).cache(_fit_ensemble, ignore=["verbose"])
        ensemble, log_probs = fit_ensemble(ensemble, X, self.classes_[codes], groups, self.verbose)
        self._ensemble = ensemble
        self.weights_, self.log_probs_ = ensemble.weights_, log_probs
        self.duplicated_share_ = ensemble.duplicated_share_
        self._noise_model = NoiseModel().fit(log_probs, codes, ensemble.agreement_)
        self._label_codes = codes
        model = self._noise_model
        by_reading = model.log_odds_by_reading(log_probs, codes)
        log_odds = model.join(by_reading, codes)
        self._wrong_by_both = (by_reading > 0).all(axis=0)
        self._least_probability = expit(by_reading[0])
        self._rates_by_reading = model.noise_rate_interval(log_probs, codes, by_reading)
        self.transition_matrix_ = model.transition_matrix
        self.injected_recall_ = model.injected_recall(log_probs, codes)
        self._start(expit(log_odds), log_odds, codes, len(self.classes_), ensemble.groups_)
        return self if verdicts is None else self.recalibrate(verdicts)

    def fit_predict(self, X, y, groups=None, verdicts=None):
        """Find the label errors and flag them.

        Parameters
        ----------
        X : array-like or sparse array of shape (n_samples, n_features), or (n_samples, ...)
        y : array-like of shape (n_samples,)
            The given labels.
        groups : array-like of shape (n_samples,), default=None
            See ``fit``, as for the next.
        verdicts : array-like of shape (n_samples,), or data frame, default=None

        Returns
        -------
        flags : ndarray of shape (n_samples,), bool
            True where the label looks wrong.
        """
        return self.fit(X, y, groups, verdicts).flags_

    @validates_arguments(n=[Count(1)], controls=[Count(0)], random_state=["random_state"])
    def rows_to_review(self, n=20, *, controls=0, random_state=None):
        """Draw rows for a person to review, for ``recalibrate``.

        Rows are drawn in proportion to √(p (1 − p)) + p/10 + 0.02, where p is the probability that
        the label is wrong: those in doubt first of all, yet all may be drawn. Reviewing only the
        rows that look worst tells less of where to stop.

        Parameters
        ----------
        n : int, default=20
            Number of rows. Of equal rows, or rows of one group, at most one is drawn, and none that
            has a verdict.
        controls : int, default=0
            Number of further rows, unmarked among the others, of which the answer is known: half
            show a planted wrong label, half are rows whose label is surely right. They tell how
            often the reviewer errs.
        random_state : int, RandomState instance or None, default=None
            Pass an int for reproducible rows.

        Returns
        -------
        positions : ndarray of shape (n,), or ReviewSample
            Positions in the data of ``fit``, shuffled; with controls, these and the labels to show,
            see ``skdynacor.verdicts.ReviewSample``.

        Raises
        ------
        ValueError
            If there are fewer such rows.
        """
        if not controls:
            return super().rows_to_review(n, random_state=random_state)
        check_is_fitted(self)
        rng = make_rng(random_state, "rows_to_review")
        drawn = self._draw_rows(n, rng)
        n_sure = int(_SURELY_RIGHT * len(self._log_odds))
        sure = np.setdiff1d(np.argsort(self._log_odds, kind="stable")[:n_sure], drawn)
        if len(sure) < controls:
            raise ValueError(
                f"controls={controls} are wanted, but only {len(sure)} labels are surely right."
            )
        return add_controls(drawn, sure, self.classes_, self._label_codes, controls, rng)

    def noise_probability(self, X, y):
        """Give the probability that labels are wrong, of rows that need not have been in ``fit``.

        Parameters
        ----------
        X : array-like or sparse array of shape (n_samples, n_features), or (n_samples, ...)
        y : array-like of shape (n_samples,)
            Their given labels, of the classes seen in ``fit``.

        Returns
        -------
        noise_probability : ndarray of shape (n_samples,)
            Rows of ``fit`` are scored by the models that were not trained on them; those with a
            verdict keep it.
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, **self._ensemble.row_params(X))
        log_probs = self._ensemble.transform(X)
        codes = encode_known_labels(y, self.classes_, len(log_probs))
        log_odds = self._noise_model.log_odds(log_probs, codes)
        if self._recalibration is None:
            return expit(log_odds)
        probability = self._recalibration.probability(log_odds, codes)
        rows = self._ensemble.find_rows_of_fit(X, codes, self._label_codes)
        verdicts = np.where(rows < 0, -1, self.verdicts_[rows])
        return np.where(verdicts < 0, probability, verdicts)

    @property
    def estimators_(self):
        return self._ensemble.estimators_

    def representations(self):
        """Give the representations in which rows can be compared.

        Returns
        -------
        representations : list of (ndarray of shape (n_samples,), callable)
            See ``OutOfSampleEnsemble.representations``.
        """
        check_is_fitted(self)
        return self._ensemble.representations()

    def _make_ensemble(self):
        estimators = self.estimators
        if self.estimator is not None:
            if estimators is not None:
                raise ValueError(
                    "Both estimator and estimators are set; pass one of them: estimator for one "
                    "classifier, estimators for a list of (name, classifier)."
                )
            estimators = [("estimator", self.estimator)]
        return OutOfSampleEnsemble(
            estimators,
            cv=self.cv,
            device=self.device,
            n_jobs=self.n_jobs,
            random_state=self.random_state,
        )

    def _check_threshold(self):
        check_threshold(self.threshold)

    def _describe(self):
        """Set what is known of the labels, from the noise model and the verdicts."""
        model, n_classes = self._noise_model, len(self.classes_)
        log_probs, codes, probability = self.log_probs_, self._label_codes, self.noise_probability_
        least_probability = probability
        if self._recalibration is None:
            self.noise_rate_interval_ = self._rates_by_reading
            least_probability = self._least_probability
        disagrees = log_probs.argmax(axis=1) != codes
        self.learnability_ = assess(
            log_probs, codes, probability, least_probability, self.flags_, model.evidence
        )
        surely_wrong = self._wrong_by_both & self.flags_ & self.learnability_.is_enough
        self.status_ = self._find_status(surely_wrong, disagrees)
        n_wrong, n_rows = np.bincount(codes, probability, n_classes), np.bincount(codes)
        self.class_noise_rates_ = n_wrong / n_rows
        suggested, suggested_probability = codes.copy(), 1 - probability
        flagged = np.flatnonzero(self.flags_)
        rows, given = np.arange(len(flagged)), codes[flagged]
        others = model.class_probabilities(log_probs[flagged], given)
        others[rows, given] = 0
        likeliest = suggested[flagged] = others.argmax(axis=1)
        share = others[rows, likeliest] / np.maximum(others.sum(axis=1), np.finfo(float).tiny)
        suggested_probability[flagged] = probability[flagged] * share
        self.suggested_labels_ = self.classes_[suggested]
        self.suggested_label_probability_ = suggested_probability

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        estimators = self.estimators
        if self.estimator is not None:
            estimators = [("estimator", self.estimator)]
        tags.input_tags = get_tags(OutOfSampleEnsemble(estimators)).input_tags
        return tags


def _warn_of_similar_labels(classes, codes):
    names, counts = classes.tolist(), np.bincount(codes)
    similar = [
        " and ".join(f"{names[code]!r} ({counts[code]:,} rows)" for code in group)
        for group in find_similar_labels(classes)
    ]
    if similar:
        more = f"; and {len(similar) - 5} more" if len(similar) > 5 else ""
        warnings.warn(
            f"Some labels differ only in case or blanks: {'; '.join(similar[:5])}{more}. If they "
            "are meant to be the same, make them so before fit: y = y.str.strip().str.lower().",
            stacklevel=5,
        )


def _fit_ensemble(ensemble, X, y, groups, verbose):
    """Fit a clone of an ensemble; return it and the out-of-sample log-probabilities."""
    ensemble = clone(ensemble).set_params(verbose=verbose)
    return ensemble, ensemble.fit_transform(X, y, groups)
