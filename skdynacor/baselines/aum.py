"""The area under the margin, with a threshold from rows of a class that does not exist."""

from numbers import Real

import numpy as np
from skorch import NeuralNet

from ..groundwork.random_numbers import draw_random_state, make_rng
from ..groundwork.row_order import order_rows
from ..groundwork.sklearn_private import Interval
from ..recording.dynamics_collector import DynamicsCollector
from .transductive_detector import TransductiveDetector


class AUM(TransductiveDetector):
    """Flag rows whose margin stays below that of rows moved to a class that does not exist.

    The classifier is trained twice. Each time other rows, 1/(C + 1) of them, are moved to an extra
    class: their labels are wrong for certain, so a row is suspect if the mean over the epochs of
    its logit difference is no larger than nearly all of theirs.

    Parameters
    ----------
    classifier : skorch.NeuralNet or None, default=None
        The classifier to train, see ``DynamicsCollector``; it must find out the number of classes,
        as ``DynamicsCollector`` tells a module that asks for ``n_classes``.
    percentile : float in [0, 100], default=99
        Of the moved rows' margins, taken as the threshold.
    device : str, default="auto"
        Where to train, see ``DynamicsCollector``.
    random_state : int, RandomState instance or None, default=None
        Decides the moved rows and the trainings. Pass an int for results that repeat.

    Attributes
    ----------
    flags_ : ndarray of shape (n_samples,), bool
        True where the label is judged wrong.
    noise_score_ : ndarray of shape (n_samples,)
        The threshold less the area under the margin, in logits: positive where a row is flagged.
    thresholds_ : ndarray of shape (2,)
        Of each training.
    noise_rate_ : float
        Share of rows flagged.
    classes_ : ndarray of shape (n_classes,)
    n_features_in_ : int

    Notes
    -----
    A row that is moved in one training is judged by the other alone; of all others the two
    differences to the threshold are averaged.

    NOTE[DIFF]: margins are averaged over the whole training; the source stops before the first
    drop of the learning rate, where a cosine schedule has none.

    References
    ----------
    .. [1] Pleiss et al., "Identifying Mislabeled Data using the Area Under the Margin Ranking",
       NeurIPS 2020. https://doi.org/10.48550/arXiv.2001.10528

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdynacor.baselines import AUM
    >>> X, y = load_iris(return_X_y=True)
    >>> y[[3, 120]] = [2, 0]
    >>> aum = AUM(random_state=0).fit(X, y)
    >>> sorted(aum.noise_score_.argsort()[-2:].tolist())
    [3, 120]
    """

    _parameter_constraints: dict = {
        "classifier": [NeuralNet, None],
        "percentile": [Interval(Real, 0, 100, closed="both")],
        "device": [str],
        "random_state": ["random_state"],
    }

    def __init__(self, classifier=None, *, percentile=99, device="auto", random_state=None):
        self.classifier = classifier
        self.percentile = percentile
        self.device = device
        self.random_state = random_state

    def _judge(self, X, codes):
        rng = make_rng(self.random_state, "AUM")
        extra = len(self.classes_)
        groups = np.array_split(rng.permutation(order_rows(X, codes)), extra + 1)[:2]
        shortfalls = np.full((2, len(X)), np.nan)
        self.thresholds_ = np.empty(2)
        for run, moved in enumerate(groups):
            labels = codes.copy()
            labels[moved] = extra
            collector = DynamicsCollector(
                self.classifier,
                signal="logit_difference",
                device=self.device,
                random_state=draw_random_state(rng),
            )
            margins = collector.fit_transform(X, labels).mean(axis=1, dtype=np.float64)
            self.thresholds_[run] = np.percentile(margins[moved], self.percentile)
            shortfalls[run] = self.thresholds_[run] - margins
            shortfalls[run, moved] = np.nan
        noise_score = np.nanmean(shortfalls, axis=0)
        return noise_score > 0, noise_score
