"""A classifier that finds wrong labels while it learns, and learns without them."""

from functools import partial
from numbers import Real

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted
from skorch import NeuralNet

from ..corruption.label_corruptor import LabelCorruptor
from ..groundwork.devices import own_settings, seeded
from ..groundwork.moments import mean_and_scale
from ..groundwork.progress_bar import Part, open_progress
from ..groundwork.random_numbers import draw_random_state, draw_seed, make_rng
from ..groundwork.sklearn_private import (
    Count,
    HasMethods,
    Interval,
    StrOptions,
    validates_parameters,
)
from ..groundwork.threads import OPERATIONS_PER_THREAD, using_threads
from ..groundwork.validation import (
    check_copies,
    check_row_shape,
    encode_known_labels,
    row_params,
    unchanged_on_error,
    validate_data,
    validate_rows_and_labels,
)
from ..nets import make_mlp_classifier
from ..recording.accelerated_nets import is_accelerated
from ..recording.net_setup import initialize, prepare
from ..recording.net_training import TrainedNet
from ..recording.signals import SIGNALS
from .co_training import Member, Recipe, train_together
from .divisions import DetectorOfTrails, LossMixture


def make_default_net():
    """Make the recipe of both nets that is taken where none is given."""
    return make_mlp_classifier(batch_size=64)


class DivideMixClassifier(ClassifierMixin, BaseEstimator):
    """Train two nets in spite of wrong labels, each on what the other takes for right ones.

    After a warm-up on all labels, each net judges at the start of an epoch which labels are right;
    the other net keeps these, and treats the other rows as if they had no label. It then learns
    from mixtures of rows with labels (refined where they are in doubt) and without (guessed by both
    nets). Predictions are means over both nets.

    Parameters
    ----------
    classifier : skorch.NeuralNet or None, default=None
        The recipe of both nets: module, optimiser, schedule, number of epochs and batch size; it is
        cloned, never changed. ``None`` takes
        ``skdynacor.nets.make_mlp_classifier(batch_size=64)``. Its criterion counts in the warm-up
        alone; of ``iterator_train``, ``batch_size`` alone counts.
    warm_up : int >= 1, default=5
        Number of epochs that both nets train on all labels, of the classifier's ``max_epochs``.
    detector : estimator or None, default=None
        Judges labels by the trajectories of all epochs so far, beside those of copies with wrong
        labels: ``DynaCorDetector``, ``TransitionDetector`` or any that has ``fit`` and
        ``predict_proba`` (clean, noisy). ``None`` fits two Gaussians to the losses, as in
        DivideMix, to their means over the epochs so far.
    signal : str or callable, default="quantized_logit_difference"
        What trajectories hold, see ``DynamicsCollector``. Used only with a detector.
    gamma : float in (0, 1], default=0.1
        Number of copies for the detector, as a share of the rows, see ``LabelCorruptor``. X that
        carries copies keeps its own.
    threshold : float in (0, 1), default=0.5
        Labels count as right from this probability on (τ of the paper).
    temperature : float > 0, default=0.5
        Refined and guessed labels are sharpened by it (T of the paper); 1 leaves them.
    concentration : float >= 0, default=0.5
        Of the Beta distribution of mixtures (α of the paper, which has 4 for small images): 0 mixes
        nothing, large values mix equal parts.
    lambda_u : float >= 0, default=0.3
        Weight of the rows without label, at the end of its rise (λ_u of the paper, which has 0 to
        150 for small images, the more the noisier labels are). Large weights let nets drift towards
        what they guess; where four labels in five are wrong, 1 is better.
    lambda_prior : float >= 0, default=1.0
        Weight of the term that has all classes predicted equally often (λ_r of the paper). Set it
        to 0 where some classes are rare.
    ramp : int >= 0, default=5
        Over how many epochs after the warm-up ``lambda_u`` rises, along a line.
    n_augmentations : int >= 1, default=2
        How many augmentations of a row are judged and mixed (M of the paper).
    augment : callable or None, default=None
        ``augment(rows, rng)`` returns augmented rows, see ``LabelCorruptor``; ``skdynacor.augment``
        has some for images. ``None`` adds Gaussian noise.
    jitter : float >= 0, default=0.1
        Standard deviation of that noise, as a share of each feature's own. Used only if ``augment``
        is None.
    keep_checkpoints : bool, default=True
        Whether to keep the weights of every epoch, for ``staged_predict_proba``, by which
        ``DynamicsCollector`` records the training.
    device : str, default="auto"
        Where to train, see ``DynamicsCollector``.
    verbose : int, default=0
        1 shows a progress bar over the epochs, with the share of rows that the first net agrees
        with, see ``DynamicsCollector``. Results are the same.
    random_state : int, RandomState instance or None, default=None
        Decides copies, initial weights, batches, augmentations and mixtures. Pass an int for
        results that repeat.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    nets_ : list of skorch.NeuralNet
        Both trained nets, with their ``history``.
    clean_probability_ : ndarray of shape (n_samples,)
        That the label of each row in ``fit`` is right, after the last epoch: the mean of both nets'
        judgments.
    losses_ : ndarray of shape (2, n_epochs)
        The mean training loss of each net in each epoch; another loss after the warm-up.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where X had names that are all strings.

    See Also
    --------
    skdynacor.DynamicsCollector : Records this classifier's training by its staged predictions.
    EarlyLearningRegularization : Trains one net in spite of wrong labels.

    Notes
    -----
    The paper on DynaCor combines the two in both directions. DDyna-L lets DivideMix's training give
    the dynamics: ``DynamicsCollector(DivideMixClassifier())`` records after every epoch what the
    mean of both nets makes of rows and copies, which are all trained on. It is what the classifier
    predicts, and steadier than one net; a net by itself would also be told the label of a row by
    its own trail alone. DDyna-S lets DynaCor divide the rows:
    ``DivideMixClassifier(detector=DynaCorDetector())``.

    With rows x, labels y, the peer's probability w that y is right, and p the mean belief over
    augmentations, a kept label becomes w y + (1 − w) p; for a row without label, p is the mean over
    both nets, too. Both are sharpened: p^(1/T), scaled to sum to 1. Rows and targets are mixed in
    shares max(l, 1 − l) and min(l, 1 − l), l from Beta(α, α). With s for the predictions and t for
    the targets, the loss is the mean of −t log s over rows with labels, plus λ_u times the mean of
    ‖s − t‖² over those without, plus λ_r KL(uniform ‖ mean of s).

    It is made for classes that lie apart. Where they overlap, or are learnt slowly, right labels of
    difficult rows have losses as high as wrong ones have, and are dropped with them: where labels
    are nearly all right, one net on all of them may then predict better.

    NOTE[DIFF]: an epoch sees every row of the larger part once, and those of the smaller part as
    often as it takes; the paper's sees those with labels once. It trains for 300 epochs.

    NOTE[DIFF]: beliefs that make targets are taken without dropout, and with the running averages
    of batch normalisation.

    NOTE[DIFF]: rows far below the mean loss of right labels are taken to be as surely right as
    those at the mean, where the wider Gaussian of the mixture would take both tails.

    NOTE[DIFF]: the losses that judge labels are means over all epochs so far; the paper's are those
    of the last epoch, by which a right label that was dropped is soon judged by a net that learnt
    without it.

    NOTE[DIFF]: the paper's penalty on sure predictions in the warm-up, for asymmetric noise, is not
    here; the classifier's own criterion counts there.

    NOTE[DIFF]: the paper on DynaCor does not say what becomes of copies in DDyna-S. Here they train
    with their wrong labels in the warm-up, as in DynaCor, and count as rows without label ever
    after, as those do that they stand for; so their trails stay comparable.

    References
    ----------
    .. [1] Li, Socher and Hoi, "DivideMix: Learning with Noisy Labels as Semi-supervised Learning",
       ICLR 2020. https://doi.org/10.48550/arXiv.2002.07394
    .. [2] Kim et al., "Learning Discriminative Dynamics with Label Corruption for Noisy Label
       Detection", CVPR 2024, Section 5.5. https://doi.org/10.48550/arXiv.2405.19902

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skdynacor.datasets import make_label_noise
    >>> from skdynacor.robust import DivideMixClassifier
    >>> X, y = load_digits(n_class=3, return_X_y=True)
    >>> y_noisy, wrong = make_label_noise(y, "symmetric", 0.3, random_state=0)
    >>> classifier = DivideMixClassifier(random_state=0).fit(X, y_noisy)
    >>> classifier.score(X, y) > 0.97
    True
    >>> bool(((classifier.clean_probability_ < 0.5) == wrong).mean() > 0.9)
    True
    """

    _parameter_constraints: dict = {
        "classifier": [NeuralNet, None],
        "warm_up": [Count(1)],
        "detector": [HasMethods(["fit", "predict_proba"]), None],
        "signal": [StrOptions(set(SIGNALS)), callable],
        "gamma": [Interval(Real, 0, 1, closed="right")],
        "threshold": [Interval(Real, 0, 1, closed="neither")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "concentration": [Interval(Real, 0, None, closed="left")],
        "lambda_u": [Interval(Real, 0, None, closed="left")],
        "lambda_prior": [Interval(Real, 0, None, closed="left")],
        "ramp": [Count(0)],
        "n_augmentations": [Count(1)],
        "augment": [callable, None],
        "jitter": [Interval(Real, 0, None, closed="left")],
        "keep_checkpoints": ["boolean"],
        "device": [str],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        classifier=None,
        *,
        warm_up=5,
        detector=None,
        signal="quantized_logit_difference",
        gamma=0.1,
        threshold=0.5,
        temperature=0.5,
        concentration=0.5,
        lambda_u=0.3,
        lambda_prior=1.0,
        ramp=5,
        n_augmentations=2,
        augment=None,
        jitter=0.1,
        keep_checkpoints=True,
        device="auto",
        verbose=0,
        random_state=None,
    ):
        self.classifier = classifier
        self.warm_up = warm_up
        self.detector = detector
        self.signal = signal
        self.gamma = gamma
        self.threshold = threshold
        self.temperature = temperature
        self.concentration = concentration
        self.lambda_u = lambda_u
        self.lambda_prior = lambda_prior
        self.ramp = ramp
        self.n_augmentations = n_augmentations
        self.augment = augment
        self.jitter = jitter
        self.keep_checkpoints = keep_checkpoints
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    @validates_parameters
    def fit(self, X, y):
        """Train both nets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or (n_samples, ...)
            Rows, at least five. With a detector, copies that it carries are used.
        y : array-like of shape (n_samples,)
            The given labels, of at least two classes.

        Returns
        -------
        self : DivideMixClassifier
        """
        with unchanged_on_error(self):
            carried = getattr(X, "corrupted", None)
            X, self.classes_, codes = validate_rows_and_labels(self, X, y, **row_params(X))
            self._row_shape = X.shape[1:]
            rng = make_rng(self.random_state, "DivideMixClassifier")
            copies, labels, sources = self._plant(X, codes, carried, rng)
            self._fit(X, copies, np.concatenate([codes, labels]), sources, rng)
        return self

    @own_settings()
    def predict_proba(self, X):
        """Give the probability of each class, the mean over both nets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or (n_samples, ...)

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        X = self._validate_like_fit(X)
        return _mean([next(trained.staged_logits(X)) for trained in self._trained])

    def predict(self, X):
        """Give the likeliest class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or (n_samples, ...)

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    @available_if(lambda self: self.keep_checkpoints)
    def staged_predict_proba(self, X):
        """Yield the probabilities after each epoch, the first epoch's first.

        Only with ``keep_checkpoints``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or (n_samples, ...)

        Yields
        ------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        X = self._validate_like_fit(X)
        in_order = [
            TrainedNet(trained.classifier, trained.checkpoints[::-1], trained.to_logits)
            for trained in self._trained
        ]
        for logits in zip(*(trained.staged_logits(X) for trained in in_order), strict=True):
            yield _mean(logits)

    @property
    def nets_(self):
        return [trained.classifier for trained in self._trained]

    def _validate_like_fit(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, **row_params(X))
        check_row_shape(X, self._row_shape)
        return X.astype(np.float32, copy=False)

    def _plant(self, X, codes, carried, rng):
        """Make or take the copies that a detector learns from: rows, labels, sources."""
        if self.detector is None:
            return X[:0], codes[:0], codes[:0]
        if carried is None:
            random_state = draw_random_state(rng)
            corruptor = LabelCorruptor(
                self.gamma, augment=self.augment, jitter=self.jitter, random_state=random_state
            )
            carried = corruptor.fit_transform(X, codes).corrupted
            return check_copies(carried, X), carried.labels, carried.sources
        labels = encode_known_labels(np.asarray(carried.labels), self.classes_)
        return check_copies(carried, X), labels, carried.sources

    @own_settings()
    def _fit(self, X, copies, labels, sources, rng):
        n_classes = len(self.classes_)
        classifier = self.classifier
        if classifier is None:
            classifier = make_default_net()
        augment = self._make_augment(X, rng)
        judges = [self._make_judge(labels, sources, rng) for _ in range(2)]
        with seeded(draw_seed(rng)):
            members = []
            for judge in judges:
                net, dataset = prepare(classifier, X, copies, labels, n_classes, self.device)
                self._check(net)
                to_logits, n_operations = initialize(net, dataset, n_classes)
                members.append(Member(net, dataset, to_logits, judge, self.keep_checkpoints))
            recipe = Recipe(
                **{name: getattr(self, name) for name in Recipe._fields if name != "augment"},
                augment=partial(augment, torch.device(net.device)),
            )
            # A step trains on as many mixtures as there are augmentations of both parts.
            n_operations *= 2 * self.n_augmentations
            threads = using_threads(n_operations, OPERATIONS_PER_THREAD)
            with threads, open_progress(self.verbose, _parts) as progress:
                train_together(members, recipe, progress.of(""))
        self._trained = [TrainedNet(m.net, m.checkpoints, m.to_logits) for m in members]
        self.losses_ = np.array([m.net.history[:, "train_loss"] for m in members])
        self.clean_probability_ = np.mean([j.clean_probability() for j in judges], axis=0)

    def _make_augment(self, X, rng):
        if self.augment is not None:
            return partial(_augment, self.augment, rng)
        scale = torch.from_numpy(np.asarray(self.jitter * mean_and_scale(X)[1])).float()
        return partial(_jitter, scale)

    def _make_judge(self, labels, sources, rng):
        labels = torch.from_numpy(labels)
        if self.detector is None:
            return LossMixture(labels, draw_random_state(rng))
        return DetectorOfTrails(self.detector, self.signal, labels, sources, self.classes_, rng)

    def _check(self, net):
        if self.warm_up >= net.max_epochs:
            raise ValueError(
                f"The warm-up takes warm_up={self.warm_up} epochs, of the classifier's "
                f"max_epochs={net.max_epochs} in all. Lower the first, or raise the second."
            )
        if is_accelerated(net):
            raise ValueError(
                "DivideMixClassifier trains two nets by itself, without accelerate. Pass a net "
                "that has no accelerator."
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.three_d_array = True  # and more: rows have any shape
        return tags


def _parts():
    """Name what a progress bar is to show."""
    return {"": Part("two nets", 1.0)}


def _mean(logits):
    """Average the probabilities of several nets, (n_samples, n_classes), in double precision."""
    return torch.stack([each.double().softmax(dim=1) for each in logits]).mean(dim=0).numpy()


def _jitter(scale, device, X):
    return X + scale.to(device) * torch.randn_like(X)


def _augment(augment, rng, device, X):
    """Augment a batch of rows by a function of arrays."""
    rows = np.asarray(augment(X.cpu().numpy(), rng), dtype=np.float32)
    if rows.shape != tuple(X.shape):
        raise ValueError(
            f"augment must return rows of the shape it was given, {tuple(X.shape)}; it returned "
            f"shape {rows.shape}."
        )
    return torch.from_numpy(rows).to(device)
