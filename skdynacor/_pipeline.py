"""The three steps, put together."""

from sklearn.pipeline import Pipeline
from skorch import NeuralNet

from ._collector import DynamicsCollector
from ._corruptor import LabelCorruptor
from ._detector import DynaCorDetector


def make_dynacor_pipeline(
    classifier=None,
    *,
    gamma=0.1,
    alpha=0.05,
    signal="quantized_logit_difference",
    device="auto",
    memory=None,
    random_state=None,
):
    """Make the pipeline that finds wrong labels.

    Parameters
    ----------
    classifier : skorch.NeuralNet, scikit-learn classifier or None, default=None
        The classifier to train, see ``DynamicsCollector``. ``None`` takes
        ``skdynacor.nets.make_mlp_classifier()``; its parameters are then those of the pipeline
        that start with ``dynamicscollector__classifier__``. With a scikit-learn classifier, copies
        are not jittered: trees would tell them by their odd values, and know their labels by heart.
    gamma : float in (0, 1], default=0.1
        Number of corrupted copies, as a share of the rows, see ``LabelCorruptor``.
    alpha : float >= 0, default=0.05
        Weight of the alignment, see ``DynaCorDetector``.
    signal : str or callable, default="quantized_logit_difference"
        What to record, see ``DynamicsCollector``.
    device : str, default="auto"
        Where to train: ``"auto"`` takes CUDA when there is one.
    memory : str, joblib.Memory or None, default=None
        Where to keep the training, so that a search over ``alpha`` trains once per ``gamma``.
    random_state : int, RandomState instance or None, default=None
        Passed to every step. Pass an int for results that repeat.

    Returns
    -------
    pipeline : sklearn.pipeline.Pipeline
        With the steps ``labelcorruptor``, ``dynamicscollector`` and ``dynacordetector``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from skdynacor import make_dynacor_pipeline
    >>> X, y = load_iris(return_X_y=True)
    >>> wrong = [3, 60, 61, 120]
    >>> y[wrong] = [2, 0, 0, 0]
    >>> flags = make_dynacor_pipeline(random_state=0).fit_predict(X, y)
    >>> bool(flags[wrong].all())
    True
    """
    if classifier is None:
        from .nets import make_mlp_classifier

        classifier = make_mlp_classifier()
    jitter = {} if isinstance(classifier, NeuralNet) else {"jitter": 0}
    return Pipeline(
        [
            ("labelcorruptor", LabelCorruptor(gamma, random_state=random_state, **jitter)),
            (
                "dynamicscollector",
                DynamicsCollector(
                    classifier, signal=signal, device=device, random_state=random_state
                ),
            ),
            (
                "dynacordetector",
                DynaCorDetector(alpha, device=device, random_state=random_state),
            ),
        ],
        memory=memory,
    )
