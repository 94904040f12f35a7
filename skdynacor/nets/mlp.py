"""The default classifier for tables and embeddings."""

import math
from numbers import Real

import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import LRScheduler
from torch import nn

from ..groundwork.sklearn_private import Count, Interval, takes
from .class_order import draw_in_order
from .dropout import ByteDropout
from .vectors import as_positions, as_vector

#: Root-mean-square norm of a row, squared, once it is scaled.
SQUARED_NORM = 72

#: Of the first layer, as far as they are ours to choose.
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
    class_order : array-like of shape (n_classes,), default=None
        See ``draw_in_order``.
    telling_columns : array-like of shape (n_telling,), default=None
        Positions of the features to learn from; others are neglected. ``None`` takes all.

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

    @takes(
        n_features=[Count(1)],
        n_classes=[Count(1)],
        feature_mean=["array-like", None],
        feature_scale=["array-like", None],
        hidden_units=[Count(1), None],
        dropout=[Interval(Real, 0, 1, closed="left")],
        widest=[Count(1)],
        class_order=["array-like", None],
        telling_columns=["array-like", None],
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
        class_order=None,
        telling_columns=None,
    ):
        super().__init__()
        columns = telling_columns
        if columns is not None:
            columns = as_positions(columns, n_features, "telling_columns")
        self.register_buffer("columns", columns, persistent=False)
        taken = slice(None) if columns is None else columns
        center, factor = torch.zeros(n_features)[taken], torch.ones(n_features)[taken]
        if feature_mean is not None:
            center = as_vector(feature_mean, n_features, "feature_mean")[taken]
        if feature_scale is not None:
            factor = input_factor(as_vector(feature_scale, n_features, "feature_scale")[taken])
        n_features = len(center)
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
        draw_in_order(self.layers[-1], class_order)

    def forward(self, X):
        """Map rows (n_samples, n_features) to logits (n_samples, n_classes)."""
        if self.columns is not None:
            X = X.index_select(1, self.columns)
        if X.is_sparse:
            hidden = self._first_layer(X.coalesce())  # (n_samples, hidden_units)
            return self.layers[1:](hidden)
        return self.layers((X - self.center) * self.factor)

    def _first_layer(self, X):
        """Apply the first layer to sparse rows, centred, without making a dense batch of them."""
        values = X.values() * self.factor[X.indices()[1]]  # (n_stored,)
        scaled = torch.sparse_coo_tensor(
            X.indices(), values, X.shape, is_coalesced=True, check_invariants=False
        )
        weight, bias = self.layers[0].weight, self.layers[0].bias
        return torch.sparse.mm(scaled, weight.T) + (bias - weight @ (self.center * self.factor))


def input_factor(scale):
    """What to multiply centred features by, (n_features,), see the notes of ``MLP``."""
    varying = scale[scale > 0]
    if not len(varying):
        return torch.zeros_like(scale)
    one_unit = varying.max() <= 32 * varying.min()
    unit = varying.square().mean().sqrt() if one_unit else scale
    norm = math.sqrt(SQUARED_NORM / len(varying))
    return torch.where(scale > 0, norm / unit, 0.0)


class CosineDecay(LRScheduler):
    """Let the learning rate fall along a half cosine that ends with the training."""

    def __init__(self, policy=torch.optim.lr_scheduler.CosineAnnealingLR, eta_min=3e-7, **kwargs):
        super().__init__(policy, eta_min=eta_min, **kwargs)

    def on_train_begin(self, net, **kwargs):
        self.T_max = net.max_epochs
        super().on_train_begin(net, **kwargs)


def make_quiet_classifier(module, **params):
    """Make a skorch classifier that trains on all rows, and listens to no batch needlessly.

    Parameters
    ----------
    module : type
        A torch module that gives logits.
    **params
        Parameters of ``skorch.NeuralNetClassifier`` that replace or add to these.

    Returns
    -------
    net : skorch.NeuralNetClassifier
    """
    settings = {
        "criterion": nn.CrossEntropyLoss,
        "optimizer__fused": True,  # one pass over the weights in place of four
        "iterator_train__shuffle": True,
        "train_split": None,
        # Nothing is held out, and nothing printed: these would only listen in on every batch.
        "callbacks__valid_loss": None,
        "callbacks__valid_acc": None,
        "callbacks__print_log": None,
    }
    return NeuralNetClassifier(module, **{**settings, **params})


def make_sgd_classifier(module, **params):
    """Make a skorch classifier with what the paper's two settings share.

    Parameters
    ----------
    module : type
        A torch module that gives logits.
    **params
        Parameters of ``skorch.NeuralNetClassifier`` that replace or add to these.

    Returns
    -------
    net : skorch.NeuralNetClassifier
    """
    settings = {
        "optimizer": torch.optim.SGD,
        "optimizer__momentum": 0.9,
        "optimizer__weight_decay": 5e-4,
        "batch_size": 128,
    }
    return make_quiet_classifier(module, **{**settings, **params})


def make_mlp_classifier(**params):
    """Make the skorch classifier that is trained by default where no rows are held out.

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


#: Of ``make_quick_mlp_classifier``: rows to see in both halves' trainings, and steps to make in an
#: epoch of each, where batches may be as small or as large as that takes.
_ROWS_SEEN, _STEPS_PER_HALF = 80_000, 25


def schedule_for(n_samples):
    """Choose batch size and number of epochs by the number of rows.

    What counts is how many steps there are, and that each sees enough rows. Few rows are seen 20
    times in batches of 32, ten thousand and more six times in batches of 256.

    Parameters
    ----------
    n_samples : int
        Of which a training sees half.

    Returns
    -------
    settings : dict
        ``batch_size`` and ``max_epochs``.
    """
    batch_size = 2 ** round(math.log2(n_samples / (2 * _STEPS_PER_HALF)))
    max_epochs = round(_ROWS_SEEN / n_samples)
    return {
        "batch_size": min(max(batch_size, 32), 256),
        "max_epochs": min(max(max_epochs, 6), 20),
    }


def make_quick_mlp_classifier(**params):
    """Make the skorch classifier that is trained by default where rows are held out.

    It learns as much as that of ``make_mlp_classifier`` in a sixth of the operations: half as many
    hidden units, trained by AdamW (learning rate 0.03, weight decay 0.01, a cosine schedule) for as
    many epochs and in batches as large as the number of rows asks for, see ``schedule_for``. Its
    epsilon of 0.01 keeps weights with small gradients from being moved as far as the others: those
    of rare words, say, which tell labels by heart.

    Parameters
    ----------
    **params
        Parameters of ``skorch.NeuralNetClassifier`` that replace or add to these, for instance
        ``max_epochs=20``. ``"auto"`` for ``batch_size`` or ``max_epochs`` leaves them to
        ``DynamicsCollector``; skorch by itself wants numbers.

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
