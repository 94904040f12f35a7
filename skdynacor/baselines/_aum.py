"""Area under the margin, with a threshold from rows of an extra class."""

from numbers import Real

import numpy as np
from skorch import NeuralNet

from ..dynacor.recording.dynamics_collector import DynamicsCollector
from ..utils.random_numbers import draw_random_state, make_rng
from ..utils.sklearn_private import Interval
from ._transductive_detector import TransductiveDetector


class AUM(TransductiveDetector):
    """Flag rows whose margin is below that of rows moved to an extra class.

    The net is trained twice. Each time, a different 1/(C + 1) of the rows is moved to an extra
    class, which makes their labels wrong. A row is flagged if its logit difference, averaged over
    the epochs, is below a high percentile of those of the moved rows.

    Parameters
    ----------
    estimator : skorch.NeuralNet or None, default=None
        The net to train, see ``DynamicsCollector``. Its module must take ``n_classes``, since y has
        one class less.
    percentile : float in [0, 100], default=99
        Percentile of the moved rows' margins that is the threshold.
    device : str, default="auto"
        Where to train, see ``DynamicsCollector``.
    random_state : int, RandomState instance or None, default=None
        Determines the moved rows and the training. Pass an int for reproducible results.

    Attributes
    ----------
    flags_ : ndarray of shape (n_samples,), bool
        True where the label is likely wrong.
    noise_score_ : ndarray of shape (n_samples,)
        The threshold less the area under the margin, in logits: positive where a row is flagged.
    thresholds_ : ndarray of shape (2,)
        The threshold of each training.
    noise_rate_ : float
        Share of rows flagged.
    classes_ : ndarray of shape (n_classes,)
    n_features_in_ : int

    Notes
    -----
    The score of a row that is moved in one training comes from the other; all other scores are
    means over both.

    NOTE[DIFF]: margins are averaged over the whole training; the paper stops before the first drop
    of the learning rate, which a cosine schedule does not have.

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
        "estimator": [NeuralNet, None],
        "percentile": [Interval(Real, 0, 100, closed="both")],
        "device": [str],
        "random_state": ["random_state"],
    }

    def __init__(self, estimator=None, *, percentile=99, device="auto", random_state=None):
        self.estimator = estimator
        self.percentile = percentile
        self.device = device
        self.random_state = random_state

    def _detect(self, X, codes):
        rng = make_rng(self.random_state, "AUM")
        extra = len(self.classes_)
        groups = np.array_split(rng.permutation(len(X)), extra + 1)[:2]
        shortfalls = np.full((2, len(X)), np.nan)
        self.thresholds_ = np.empty(2)
        for run, moved in enumerate(groups):
            labels = codes.copy()
            labels[moved] = extra
            collector = DynamicsCollector(
                self.estimator,
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
