"""Splitting and scoring for the search of parameters."""

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from .utils.sklearn_private import num_samples
from .verdicts._review_sample import check_verdicts

__all__ = ["InSample", "make_verdicts_scorer"]


class InSample:
    """One split in which all rows train and all rows are scored.

    Rows are scored by their own training dynamics, so none are held out. The paper selects
    parameters like this: its score (Eq. 9) needs no clean labels.

    Examples
    --------
    >>> from skdynacor.model_selection import InSample
    >>> [(train.tolist(), test.tolist()) for train, test in InSample().split([[0.0], [1.0]])]
    [([0, 1], [0, 1])]
    """

    def split(self, X, y=None, groups=None):
        """Yield all positions twice, as those to train on and as those to score."""
        positions = np.arange(num_samples(X))
        yield positions, positions

    def get_n_splits(self, X=None, y=None, groups=None):
        """Return 1."""
        return 1

    def __repr__(self):
        return "InSample()"


def make_verdicts_scorer(verdicts):
    """Make a scorer that tells which detector explains a person's verdicts best.

    Parameters
    ----------
    verdicts : array-like of shape (n_samples,)
        1 if the label is wrong, 0 if it is right, −1 if the row was not reviewed. The same rows
        must serve all detectors.

    Returns
    -------
    scorer : callable
        ``scorer(detector, X, y)``, of a fitted ``LabelErrorDetector``, ``DynaCorDetector`` or
        pipeline that ends in one: the log of the marginal likelihood of the verdicts under its
        log-odds, divided by their number; larger is better. It does not hang on the scale of the
        probabilities, which verdicts correct. For ``GridSearchCV`` with ``cv=InSample()``.

    Raises
    ------
    ValueError
        If there is no verdict, or, when called, not one value for each row of ``fit``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skdynacor import LabelErrorDetector
    >>> from skdynacor.model_selection import make_verdicts_scorer
    >>> X, y = load_digits(n_class=3, return_X_y=True)
    >>> y[[3, 70, 150]] = [2, 0, 1]
    >>> verdicts = np.full(len(y), -1)
    >>> verdicts[[3, 70, 150]], verdicts[[4, 5, 6]] = 1, 0
    >>> score = make_verdicts_scorer(verdicts)
    >>> good = LabelErrorDetector(RandomForestClassifier(50), random_state=0).fit(X, y)
    >>> bad = LabelErrorDetector(DummyClassifier(), random_state=0).fit(X, y)
    >>> bool(score(good, X, y) > score(bad, X, y))
    True
    """
    verdicts = np.asarray(verdicts)
    verdicts = check_verdicts(verdicts, len(verdicts))
    if not (verdicts >= 0).any():
        raise ValueError("There is no verdict: all are -1. At least one must be 1 or 0.")

    def score(detector, X, y=None):
        detector = detector[-1] if isinstance(detector, Pipeline) else detector
        check_is_fitted(detector)
        return detector.log_evidence(verdicts) / int((verdicts >= 0).sum())

    return score
