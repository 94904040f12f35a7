"""The three steps, put together."""

from typing import NamedTuple

from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.pipeline import Pipeline
from skorch import NeuralNet

from .corruption.label_corruptor import LabelCorruptor
from .detection.dynacor_detector import DynaCorDetector
from .detection.transition_detector import TransitionDetector
from .groundwork.sklearn_private import StrOptions, takes
from .nets import make_mlp_classifier, make_quick_mlp_classifier
from .recording.dynamics_collector import DynamicsCollector


class Recipe(NamedTuple):
    """How to find wrong labels: what to record, whether by who was told it, and how to flag."""

    signal: str
    held_out: bool
    detector: type


RECIPES = {
    "transition": Recipe("logit_difference", True, TransitionDetector),
    "paper": Recipe("quantized_logit_difference", False, DynaCorDetector),
}


def make_forests():
    """Make the forests that judge rows beside the default net, each by its out-of-bag trees.

    Returns
    -------
    partners : list of (str, forest)
        The first judges whatever the net does. The second, whose splits are searched for, takes the
        place of a net that adds nothing.
    """
    return [
        ("extra_trees", ExtraTreesClassifier(200, bootstrap=True, min_samples_leaf=5)),
        (
            "random_forest",
            RandomForestClassifier(60, max_samples=0.3, min_samples_leaf=3),
        ),
    ]


@takes(recipe=[StrOptions(set(RECIPES))])
def make_dynacor_pipeline(
    classifier=None,
    *,
    recipe="transition",
    gamma=0.1,
    alpha=None,
    signal=None,
    device="auto",
    memory=None,
    n_jobs=None,
    verbose=0,
    random_state=None,
):
    """Make the pipeline that finds wrong labels.

    Parameters
    ----------
    classifier : skorch.NeuralNet, scikit-learn classifier or None, default=None
        The classifier to train, and no other, see ``DynamicsCollector``. ``None`` takes
        ``skdynacor.nets.make_mlp_classifier()`` or, for the recipe "transition",
        ``make_quick_mlp_classifier()`` and two forests beside it, each heard as far as it makes the
        given labels likelier. Their parameters start with ``dynamicscollector__classifier__``,
        ``dynamicscollector__extra_trees__`` and ``dynamicscollector__random_forest__``. With a
        scikit-learn classifier, copies are not jittered: trees would tell them by their odd values,
        and know their labels by heart.
    recipe : {"transition", "paper"}, default="transition"
        How to find wrong labels:

        - ``"transition"``: judge each row by models that were not told its label, and flag by
          which classes are mistaken for which, see ``TransitionDetector``;
        - ``"paper"``: train once, and flag by the shape of the trajectories, see
          ``DynaCorDetector``.
    gamma : float in (0, 1], default=0.1
        Number of corrupted copies, as a share of the rows, see ``LabelCorruptor``. The recipe
        "transition" only checks itself by them; "paper" learns from them.
    alpha : float >= 0, default=None
        Weight of the alignment, see ``DynaCorDetector``; for the recipe "paper" only, where
        ``None`` stands for 0.05.
    signal : str or callable, default=None
        What to record, see ``DynamicsCollector``. ``None`` records the logit difference, and for
        the recipe "paper" its sign.
    device : str, default="auto"
        Where to train: ``"auto"`` takes CUDA when there is one.
    memory : str, joblib.Memory or None, default=None
        Where to keep the training, so that a search over ``alpha`` trains once per ``gamma``.
    n_jobs : int or None, default=None
        How many processes or threads to train with, see ``DynamicsCollector``.
    verbose : int, default=0
        1 shows a progress bar over all trainings, and for the recipe "paper" one more over that of
        the detector's encoder, see ``DynamicsCollector``. It counts as another training for
        ``memory``.
    random_state : int, RandomState instance or None, default=None
        Passed to every step. Pass an int for results that repeat.

    Returns
    -------
    pipeline : sklearn.pipeline.Pipeline
        With the steps ``labelcorruptor``, ``dynamicscollector`` and ``transitiondetector``, or
        ``dynacordetector`` for the recipe "paper".

    Raises
    ------
    ValueError
        If there is no such recipe, or ``alpha`` is given for one that has none.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdynacor import make_dynacor_pipeline
    >>> X, y = load_digits(n_class=3, return_X_y=True)
    >>> y[[3, 70, 150]] = [2, 0, 1]
    >>> pipe = make_dynacor_pipeline(random_state=0)
    >>> flags = pipe.fit_predict(X, y)
    >>> flags[[3, 70, 150]]
    array([ True,  True,  True])
    >>> pipe[-1].suggested_labels_[[3, 70, 150]]
    array([0, 1, 0])
    """
    signal_of_recipe, held_out, make_detector = RECIPES[recipe]
    if alpha is not None and recipe != "paper":
        raise ValueError(
            f"alpha={alpha} is a weight of DynaCorDetector, which the recipe {recipe!r} does not "
            "use. Leave it out, or pass recipe='paper'."
        )
    partners = make_forests() if classifier is None and held_out else []
    if classifier is None:
        classifier = make_quick_mlp_classifier() if held_out else make_mlp_classifier()
    jitter = {} if isinstance(classifier, NeuralNet) else {"jitter": 0}
    corruptor = LabelCorruptor(gamma, random_state=random_state, **jitter)
    collector = DynamicsCollector(
        classifier,
        signal=signal_of_recipe if signal is None else signal,
        held_out=held_out,
        partners=partners,
        device=device,
        n_jobs=n_jobs,
        verbose=verbose,
        random_state=random_state,
    )
    detector = make_detector(random_state=random_state)
    if recipe == "paper":
        detector.set_params(
            device=device, verbose=verbose, **({} if alpha is None else {"alpha": alpha})
        )
    steps = corruptor, collector, detector
    return Pipeline([(type(step).__name__.lower(), step) for step in steps], memory=memory)
