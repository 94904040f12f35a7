"""A loss that keeps a net close to its early predictions, made before it memorises label errors."""

from numbers import Real

import torch
from skorch.dataset import get_len
from torch import nn
from torch.nn import functional as F
from torch.utils.data import default_collate

from ..training.batch_positions import BatchPositions
from ..training.row_batches import IndexedCollate, IndexedDataset, is_indexed
from ..utils.sklearn_private import Interval, validates_arguments

#: Upper bound of the agreement of prediction and target, so that its logarithm is finite.
MOST_AGREEMENT = 1 - 1e-4


class EarlyLearningRegularization(nn.CrossEntropyLoss):
    r"""Cross-entropy plus a reward for agreement with the predictions of earlier epochs.

    With p a row's predicted probabilities and t its running target, the loss is

    .. math:: -\log p_y + \lambda \log(1 - \langle p, t \rangle),
              \qquad t \leftarrow \beta t + (1 - \beta) p,

    where t is updated before it is used, and has no gradient. Nets learn right labels before wrong
    ones, so the second term counteracts the gradient of a wrong label. The mean over the batch is
    taken. In evaluation it is the cross-entropy.

    Parameters
    ----------
    strength : float >= 0, default=3.0
        Weight of the regulariser (λ of the formula).
    momentum : float in [0, 1), default=0.7
        Of the running targets (β of the formula).

    Attributes
    ----------
    targets : tensor of shape (n_rows, n_classes) or None
        The running targets (t of the formula), of each row by its position in the training's data
        set, copies after the rows; 0 at first. They are part of ``state_dict``.
    positions : tensor of shape (n_batch,) or None
        Of the rows of the next batch.

    See Also
    --------
    PassPositions : Sets the positions in a training by skorch alone.

    Notes
    -----
    ``DynamicsCollector`` sets ``positions`` for each batch, and saves the targets with the training
    in ``checkpoint_dir``. To train with skorch alone, add ``PassPositions()`` to the callbacks.

    NOTE[DIFF]: ⟨p, t⟩ is at most 0.9999, which bounds the loss; the formula has no bound.

    The defaults are the paper's for ten classes. For a hundred it has λ = 7 and β = 0.9.

    References
    ----------
    .. [1] Liu et al., "Early-Learning Regularization Prevents Memorization of Noisy Labels",
       NeurIPS 2020, Section 4. https://doi.org/10.48550/arXiv.2007.00151

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdynacor import DynamicsCollector
    >>> from skdynacor.nets import make_mlp_classifier
    >>> from skdynacor.robust import EarlyLearningRegularization, PassPositions
    >>> X, y = load_iris(return_X_y=True)
    >>> net = make_mlp_classifier(criterion=EarlyLearningRegularization, criterion__strength=1.0)
    >>> DynamicsCollector(net, random_state=0).fit_transform(X, y).shape
    (150, 20)
    >>> net = make_mlp_classifier(
    ...     criterion=EarlyLearningRegularization,
    ...     callbacks=[PassPositions()],
    ...     module__n_features=4,
    ...     module__n_classes=3,
    ... )
    >>> net.fit(X.astype("float32"), y).criterion_.targets.shape
    torch.Size([150, 3])
    """

    needs_positions = True  # ``BatchPositions`` calls ``set_n_rows`` and sets ``positions``

    @validates_arguments(
        strength=[Interval(Real, 0, None, closed="left")],
        momentum=[Interval(Real, 0, 1, closed="left")],
    )
    def __init__(self, strength=3.0, momentum=0.7):
        super().__init__()
        self.strength = strength
        self.momentum = momentum
        self.register_buffer("targets", None)
        self.n_rows = self.positions = None

    def set_n_rows(self, n_rows):
        """Set the number of rows of a training; targets of an earlier one must be as many."""
        if self.targets is not None and len(self.targets) != n_rows:
            raise ValueError(
                f"The criterion has the targets of {len(self.targets)} rows, and now gets "
                f"{n_rows}. Continue with the rows of the earlier fit, or fit anew with "
                "warm_start=False."
            )
        self.n_rows = n_rows

    def forward(self, logits, labels):
        """Map logits (n_samples, n_classes) and labels (n_samples,) to a scalar."""
        loss = F.cross_entropy(logits, labels)
        if not self.training:
            return loss
        if self.positions is None:
            raise RuntimeError(
                "EarlyLearningRegularization keeps a target for each row and needs the positions "
                "of the batch's rows. Add PassPositions() to the callbacks of the net."
            )
        probabilities = logits.softmax(dim=1)
        targets = self._move(self.positions.to(logits.device), probabilities.detach())
        agreement = (probabilities * targets).sum(dim=1).clamp(max=MOST_AGREEMENT)
        return loss + self.strength * torch.log1p(-agreement).mean()

    def _move(self, positions, probabilities):
        """Update the targets of some rows, and return them, (n_samples, n_classes)."""
        if self.targets is None:
            self.targets = probabilities.new_zeros(self.n_rows, probabilities.shape[1])
        before = self.targets[positions]
        self.targets[positions] = before.lerp(probabilities, 1 - self.momentum)
        return self.targets[positions]

    def _load_from_state_dict(self, state_dict, prefix, *args):
        if prefix + "targets" in state_dict:  # made with the first batch, otherwise
            self.targets = torch.empty_like(state_dict[prefix + "targets"])
        super()._load_from_state_dict(state_dict, prefix, *args)

    def extra_repr(self):
        return f"strength={self.strength}, momentum={self.momentum}"


class IndexingLoader:
    """Makes data loaders, with ``make``, whose batches hold the positions of their rows."""

    def __init__(self, make):
        self.make = make

    def __call__(self, dataset, collate_fn=None, **params):
        collate = default_collate if collate_fn is None else collate_fn
        if not is_indexed(collate):
            dataset, collate = IndexedDataset(dataset), IndexedCollate(collate)
        # NB: pinning takes batches apart and loses their positions.
        return self.make(dataset, collate_fn=collate, **{**params, "pin_memory": False})


class PassPositions(BatchPositions):
    """Callback that passes the row positions of each batch to ``EarlyLearningRegularization``.

    ``DynamicsCollector`` needs no such callback.
    """

    def __init__(self):  # skorch clones a callback by its attributes
        pass

    def on_train_begin(self, net, X=None, **kwargs):
        net.criterion_.set_n_rows(get_len(X))
        net.iterator_train = IndexingLoader(net.iterator_train)

    def on_train_end(self, net, **kwargs):
        net.iterator_train = net.iterator_train.make
