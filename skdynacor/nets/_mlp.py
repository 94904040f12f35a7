"""The default classifier for tables and embeddings."""

import math
from numbers import Real

import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import LRScheduler
from torch import nn

from ..utils.sklearn_private import Count, Interval, validates_arguments
from ._dropout import ByteDropout
from ._vectors import as_vector

#: Root-mean-square norm of a row, squared, once it is scaled.
SQUARED_NORM = 72

#: Of the first layer by default.
MOST_WEIGHTS = 2**21


class MLP(nn.Module):
    """A multilayer perceptron that scales its own inputs.

    Parameters
    ----------
    n_features : int
    n_classes : int
    feature_mean, feature_scale : array-like of shape (n_features,), default=None
        Mean and standard deviation of each feature over the training rows; inputs are
        standardised by them, and constant features ignored. ``None`` takes inputs as they are.
    hidden_units : int or None, default=None
        ``None`` takes ``widest`` or, where features are very many, so few that the first layer has
        2**21 weights at most, but 32 units at least: its weights are moved in every step and kept
        after every epoch, and 512 units of 50,000 features would take 2 GB.
    dropout : float in [0, 1), default=0.5
        Share of hidden units dropped in training.
    widest : int, default=512
        How many hidden units there are, if ``hidden_units`` is None and features are not very many.
        The default is the paper's width.

    Notes
    -----
    NOTE[DIFF]: the paper feeds CLIP features as they come, whose rows have a norm near 10. Here
    features are centred and scaled:

    - each by its own standard deviation, unless all of these lie within a factor of 32: then the
      features are taken to share a unit, as those of an embedding do, and keep their proportions
      (the late principal components of an embedding are noise, best not blown up);
    - all together so that rows have a root-mean-square norm of √72, near that of CLIP features with
      which the paper set its learning rate: the first layer learns at a pace in proportion to the
      squared norm.

    NOTE[DIFF]: the paper has 512 hidden units for features that are few; see ``hidden_units``.

    NOTE[DIFF]: dropout is not in the paper. The quantised signal keeps only the sign of a logit
    difference; dropout makes a small one change its sign from epoch to epoch, so that the
    trajectory keeps some of its size.
    """

    takes_sparse = True  # batches of sparse rows come as sparse tensors

    @validates_arguments(
        n_features=[Count(1)],
        n_classes=[Count(1)],
        feature_mean=["array-like", None],
        feature_scale=["array-like", None],
        hidden_units=[Count(1), None],
        dropout=[Interval(Real, 0, 1, closed="left")],
        widest=[Count(1)],
    )
    def __init__(
        self,
        n_features,
        n_classes,
        feature_mean=None,
        feature_scale=None,
        hidden_units=None,
        dropout=0.5,
        widest=512,
    ):
        super().__init__()
        center, factor = torch.zeros(n_features), torch.ones(n_features)
        if feature_mean is not None:
            center = as_vector(feature_mean, n_features, "feature_mean")
        if feature_scale is not None:
            factor = input_factor(as_vector(feature_scale, n_features, "feature_scale"))
        self.register_buffer("center", center)
        self.register_buffer("factor", factor)
        if hidden_units is None:
            hidden_units = min(widest, max(32, MOST_WEIGHTS // n_features))
        self.layers = nn.Sequential(
            nn.Linear(n_features, hidden_units),
            nn.ReLU(),
            ByteDropout(dropout),
            nn.Linear(hidden_units, n_classes),
        )

    def forward(self, X):
        """Map rows (n_samples, n_features) to logits (n_samples, n_classes)."""
        if X.is_sparse:
            hidden = self._first_layer(X.coalesce())  # (n_samples, hidden_units)
            return self.layers[1:](hidden)
        return self.layers((X - self.center) * self.factor)

    def _first_layer(self, X):
        """Apply the first layer to sparse rows, centred, without making them dense."""
        values = X.values() * self.factor[X.indices()[1]]  # (n_stored,)
        scaled = torch.sparse_coo_tensor(
            X.indices(), values, X.shape, is_coalesced=True, check_invariants=False
        )
        weight, bias = self.layers[0].weight, self.layers[0].bias
        return torch.sparse.mm(scaled, weight.T) + (bias - weight @ (self.center * self.factor))


def input_factor(scale):
    """Factors of the centred features, (n_features,), see the notes of ``MLP``."""
    varying = scale[scale > 0]
    if not len(varying):
        return torch.zeros_like(scale)
    one_unit = varying.max() <= 32 * varying.min()
    unit = varying.square().mean().sqrt() if one_unit else scale
    norm = math.sqrt(SQUARED_NORM / len(varying))
    return torch.where(scale > 0, norm / unit, 0.0)


class CosineDecay(LRScheduler):
    """Learning rates along a half cosine that ends with the training."""

    def __init__(self, policy=torch.optim.lr_scheduler.CosineAnnealingLR, eta_min=3e-7, **kwargs):
        super().__init__(policy, eta_min=eta_min, **kwargs)

    def on_train_begin(self, net, **kwargs):
        self.T_max = net.max_epochs
        super().on_train_begin(net, **kwargs)


def make_quiet_classifier(module, **params):
    """Make a skorch classifier that trains on all rows, without skorch's callbacks."""
    settings = {
        "criterion": nn.CrossEntropyLoss,
        "optimizer__fused": True,  # one pass over the weights in place of four
        "iterator_train__shuffle": True,
        "train_split": None,
        # Nothing is held out or printed, and these would run on every batch.
        "callbacks__valid_loss": None,
        "callbacks__valid_acc": None,
        "callbacks__print_log": None,
    }
    return NeuralNetClassifier(module, **{**settings, **params})


def make_sgd_classifier(module, **params):
    """Make a skorch classifier with the parameters that the paper's two settings share."""
    settings = {
        "optimizer": torch.optim.SGD,
        "optimizer__momentum": 0.9,
        "optimizer__weight_decay": 5e-4,
        "batch_size": 128,
    }
    return make_quiet_classifier(module, **{**settings, **params})


def make_mlp_classifier(**params):
    """Make the default skorch classifier of ``DynamicsCollector``.

    The settings are the paper's for fixed features: SGD with learning rate 0.02, momentum 0.9 and
    weight decay 5e-4, a cosine schedule, 20 epochs in batches of 128. Departures are noted in
    ``MLP``.

    Parameters
    ----------
    **params
        Parameters of ``skorch.NeuralNetClassifier`` that replace or add to these, for instance
        ``max_epochs=50`` or ``module__hidden_units=256``.

    Returns
    -------
    net : skorch.NeuralNetClassifier

    Examples
    --------
    >>> from skdynacor.nets import make_mlp_classifier
    >>> make_mlp_classifier(max_epochs=10).max_epochs
    10
    """
    settings = {
        "lr": 0.02,
        "max_epochs": 20,
        "callbacks": [("learning_rate", CosineDecay())],
    }
    return make_sgd_classifier(MLP, **{**settings, **params})


#: Of ``make_quick_mlp_classifier``: rows seen in the trainings of both halves, and steps in an
#: epoch of each, as far as the limits of batch size and epochs allow.
_ROWS_SEEN, _STEPS_PER_HALF = 80_000, 25


def schedule_for(n_samples):
    """Choose ``batch_size`` and ``max_epochs`` by the number of rows, half of which are trained on.

    There must be enough steps, and each must see enough rows. Few rows are seen 15 times in batches
    of 32, ten thousand and more six times in batches of 256.
    """
    batch_size = 2 ** round(math.log2(n_samples / (2 * _STEPS_PER_HALF)))
    max_epochs = round(_ROWS_SEEN / n_samples)
    return {
        "batch_size": min(max(batch_size, 32), 256),
        "max_epochs": min(max(max_epochs, 6), 15),
    }


def make_quick_mlp_classifier(**params):
    """Make the default skorch classifier of ``LabelErrorDetector``.

    It learns as much as that of ``make_mlp_classifier`` in a sixth of the operations: half as many
    hidden units, trained by AdamW (learning rate 0.03, weight decay 0.01, a cosine schedule) for as
    many epochs and in batches as large as the number of rows asks for, see ``schedule_for``. Its
    epsilon of 0.01 keeps weights with small gradients, such as those of rare words, from moving as
    far as the others and memorising labels.

    Parameters
    ----------
    **params
        Parameters of ``skorch.NeuralNetClassifier`` that replace or add to these, for instance
        ``max_epochs=20``. ``"auto"`` for ``batch_size`` or ``max_epochs`` leaves them to
        ``DynamicsCollector``; skorch alone needs numbers.

    Returns
    -------
    net : skorch.NeuralNetClassifier

    Examples
    --------
    >>> from skdynacor.nets import make_quick_mlp_classifier
    >>> make_quick_mlp_classifier(batch_size=64).max_epochs
    'auto'
    """
    settings = {
        "module__widest": 256,
        "optimizer": torch.optim.AdamW,
        "optimizer__weight_decay": 0.01,
        "optimizer__eps": 1e-2,
        "lr": 0.03,
        "batch_size": "auto",
        "max_epochs": "auto",
        "callbacks": [("learning_rate", CosineDecay())],
    }
    return make_quiet_classifier(MLP, **{**settings, **params})
