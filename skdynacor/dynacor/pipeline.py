"""The paper's method as a scikit-learn pipeline."""

from sklearn.pipeline import Pipeline
from skorch import NeuralNet

from ..nets import make_mlp_classifier
from .corruption.label_corruptor import LabelCorruptor
from .detection.dynacor_detector import DynaCorDetector
from .recording.dynamics_collector import DynamicsCollector


def make_dynacor_pipeline(
    estimator=None,
    *,
    gamma=0.1,
    alpha=0.5,
    threshold="centroids",
    signal="quantized_logit_difference",
    device="auto",
    memory=None,
    verbose=0,
    random_state=None,
):
    """Make the pipeline of DynaCor: label corruption, training dynamics, detection.

    Parameters
    ----------
    estimator : skorch.NeuralNet, scikit-learn classifier or None, default=None
        The classifier to train, see ``DynamicsCollector``. ``None`` takes
        ``skdynacor.nets.make_mlp_classifier()``. With a scikit-learn classifier, copies are not
        jittered: trees would recognize them by their odd values.
    gamma : float in (0, 1], default=0.1
        Number of corrupted copies, as a share of the rows (γ in the paper), see ``LabelCorruptor``.
    alpha : float >= 0, default=0.5
        Weight of the alignment loss (α in the paper), see ``DynaCorDetector``.
    threshold : {"centroids", "copies", "f1"}, float or ("precision", float), default="centroids"
        Which rows to flag, see ``DynaCorDetector``: by the centroids of the paper (Eq. 4), or as
        the corrupted copies say, which suits few errors.
    signal : str or callable, default="quantized_logit_difference"
        What to record, see ``DynamicsCollector``.
    device : str, default="auto"
        Where to train: ``"auto"`` takes CUDA when there is one.
    memory : str, joblib.Memory or None, default=None
        Where to cache the training, so that a search over ``alpha`` trains once per ``gamma``.
    verbose : int, default=0
        1 shows progress bars over the training of the classifier and of the detector's encoder.
    random_state : int, RandomState instance or None, default=None
        Passed to every step. Pass an int for reproducible results.

    Returns
    -------
    pipeline : sklearn.pipeline.Pipeline
        With the steps ``labelcorruptor``, ``dynamicscollector`` and ``dynacordetector``.

    See Also
    --------
    LabelErrorDetector : Finds more label errors, on nearly all data.

    Notes
    -----
    ``fit_predict(X, y)`` flags the rows of ``fit``. A pipeline passes no labels to the steps before
    the last: ``predict(X_new)`` and ``score(X_new, y_new)`` take the class that the estimator
    predicts for the given label of a row that was not in ``fit``, whatever ``y_new`` is. They
    serve a search of parameters over folds. For new rows with labels of their own, pass
    ``pipeline[1].transform(X_new, y_new)`` to ``pipeline[2].predict``.

    References
    ----------
    .. [1] Kim et al., "Learning Discriminative Dynamics with Label Corruption for Noisy Label
       Detection", CVPR 2024. https://doi.org/10.48550/arXiv.2405.19902

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdynacor import make_dynacor_pipeline
    >>> X, y = load_digits(n_class=3, return_X_y=True)
    >>> y[[3, 70, 150]] = [2, 0, 1]
    >>> flags = make_dynacor_pipeline(random_state=0).fit_predict(X, y)
    >>> flags[[3, 70, 150]]
    array([ True,  True,  True])
    """
    if estimator is None:
        estimator = make_mlp_classifier()
    jitter = {} if isinstance(estimator, NeuralNet) else {"jitter": 0}
    steps = (
        LabelCorruptor(gamma, random_state=random_state, **jitter),
        DynamicsCollector(
            estimator, signal=signal, device=device, verbose=verbose, random_state=random_state
        ),
        DynaCorDetector(
            alpha, threshold=threshold, device=device, verbose=verbose, random_state=random_state
        ),
    )
    return Pipeline([(type(step).__name__.lower(), step) for step in steps], memory=memory)
