"""Training a skorch net with callbacks, and evaluating it at every epoch."""

import copy
import math

import numpy as np
import torch
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.preprocessing import normalize
from skorch.callbacks import Callback
from torch import nn

from ..utils.threads import OPERATIONS_PER_THREAD, using_threads
from ..utils.torch_settings import seeded
from ..utils.weights import to_arrays, to_tensors
from .accelerated_nets import detach_accelerator, drop_schedules, n_processes_of
from .batch_positions import BatchPositions
from .net_setup import initialize, prepare
from .row_batches import SomeRows, as_served

#: Modules that raise an error when trained on a batch of one row.
_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


class TrainedNet:
    """A net with its weights after every epoch.

    ``checkpoints`` is a sequence of state dicts; ``to_logits`` maps the net's outputs to logits,
    (n_samples, n_classes).
    """

    def __init__(self, net, checkpoints, to_logits):
        self.net = net
        self.checkpoints = checkpoints
        self.to_logits = to_logits

    def __getstate__(self):
        state = vars(self).copy()
        state["net"] = _without_schedules(self.net)
        if isinstance(self.checkpoints, list):
            state["checkpoints"] = [to_arrays(weights) for weights in self.checkpoints]
        return state

    def __setstate__(self, state):
        vars(self).update(state)
        if isinstance(self.checkpoints, list):
            self.checkpoints = [to_tensors(weights) for weights in self.checkpoints]

    def staged_logits(self, X):
        """Yield the logits of rows after every epoch, (n_samples, n_classes), the last first."""
        net, rows = self._serve(X)
        for state in reversed(self.checkpoints):
            net.module_.load_state_dict(state)
            yield self.to_logits(_forward(net, rows).float())

    def mean_logits(self, X):
        """Mean of the logits over the epochs, (n_samples, n_classes), float32."""
        return (sum(self.staged_logits(X)) / len(self.checkpoints)).numpy()

    def representation(self, X):
        """Input of the last linear layer, scaled to a norm of 1, (n_samples, n_units), float32.

        A module without linear layers is represented by its outputs.
        """
        net, rows = self._serve(X)
        net.module_.load_state_dict(self.net.module_.state_dict())
        linear = [each for each in net.module_.modules() if isinstance(each, nn.Linear)]
        seen = []
        if linear:
            linear[-1].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].cpu()))
        outputs = _forward(net, rows)
        return normalize((torch.cat(seen) if seen else outputs).flatten(1).float().numpy())

    def _serve(self, X):
        """A clone whose weights may be replaced, and rows in the form that it takes."""
        net = clone(self.net)
        net.callbacks = "disable"  # set_params fails where they are disabled already
        X = X.astype(np.float32, copy=False)
        # Before the net is initialized: serving sparse rows sets its parameters.
        rows, row = (as_served(net, each) if issparse(each) else each for each in (X, X[:1]))
        with seeded(0):  # random weights are replaced
            net.initialize()
        if X.ndim == 2:  # convolutions of images would take several times as long
            _evaluate_in_double_precision(net, row)
        return net, rows


def _evaluate_in_double_precision(net, row):
    """Have a net on the CPU compute in float64, if its module can.

    In float32, a row's logits depend on the other rows of its batch, in the last bits.
    """
    module = net.module_
    if any(w.dtype != torch.float32 or w.device.type != "cpu" for w in module.parameters()):
        return
    hook = module.double().register_forward_pre_hook(_to_double)
    try:
        _forward(net, row)
    except RuntimeError:  # a forward that makes float32 tensors of its own
        hook.remove()
        module.float()


def _to_double(module, inputs):
    return tuple(
        each.double() if torch.is_tensor(each) and each.is_floating_point() else each
        for each in inputs
    )


def _forward(net, rows):
    with seeded(0):  # loaders draw needlessly
        outputs = net.forward(rows)
    return outputs[0] if isinstance(outputs, tuple) else outputs


def _without_schedules(net):
    """Copy a trained net without its schedules, which hold the optimizer's tensors."""
    net = copy.copy(net)
    net.callbacks_ = [(name, copy.copy(callback)) for name, callback in net.callbacks_]
    drop_schedules(net)
    if isinstance(net.callbacks, list):
        # skorch initializes the very ones that it is given.
        net.callbacks = clone(net.callbacks, safe=False)
    return net


def train_net(estimator, X, copies, labels, n_classes, *, rows, device, seed, make_callbacks):
    """Train a net on the rows and copies at positions ``rows``; return it and its ``to_logits``.

    ``labels`` (n_samples + n_copies,), int64, are those of the rows, then of the copies.
    ``make_callbacks(net, dataset, to_logits)`` returns callbacks. A callback with a method
    ``resume(net)`` may restore an earlier training, and returns how many epochs it has done.
    """
    net, dataset = prepare(estimator, X, copies, labels, n_classes, device)
    with seeded(seed):
        to_logits, n_operations = initialize(net, dataset, n_classes)
        callbacks = list(make_callbacks(net, dataset, to_logits))
        if getattr(net.criterion_, "needs_positions", False):
            callbacks.append(_make_batch_positions(net, dataset))
        for callback in callbacks:
            callback.initialize()
            net.callbacks_.append((type(callback).__name__, callback))
        trained_on = _rows_to_train_on(net, dataset, rows)
        with using_threads(n_operations, OPERATIONS_PER_THREAD):
            train(net, trained_on)
        del net.callbacks_[-len(callbacks) :]
        detach_accelerator(net)
    return net, to_logits


def train(net, dataset):
    """Train an initialized net for ``max_epochs``.

    Unlike in ``net.fit``, Ctrl-C is raised and does not stop the training early.
    """
    net.notify("on_train_begin", X=dataset, y=None)
    resumed = [c.resume(net) for _, c in net.callbacks_ if hasattr(c, "resume")]
    net.fit_loop(dataset, epochs=net.max_epochs - max(resumed, default=0))
    net.notify("on_train_end", X=dataset, y=None)


def check_finite(net, epoch):
    """Raise an error if the training has diverged by the end of an epoch, counted from 1."""
    finite = all(bool(p.isfinite().all()) for p in net.module_.parameters())
    loss = net.history[-1, "batches", -1].get("train_loss", 0.0)  # the epoch's last
    if not (finite and math.isfinite(loss)):
        raise ValueError(
            f"The training diverged in epoch {epoch} of {net.max_epochs} (loss {loss:.3g}): scale "
            "the features, for instance with StandardScaler, or lower the learning rate "
            f"(lr={net.lr})."
        )


class EpochProgress(Callback):
    """Advance a progress bar at the end of every epoch."""

    def __init__(self, advance, description):
        self.advance = advance
        self.description = description

    def on_epoch_end(self, net, **kwargs):
        self.advance(1, self.description)


def _rows_to_train_on(net, dataset, rows):
    loader, everything = net.get_params_for("iterator_train"), len(rows) == len(dataset)
    if everything:
        return dataset
    if not loader.get("shuffle"):
        rows = np.sort(rows)
    for name in ("sampler", "batch_sampler"):
        if loader.get(name) is not None:
            raise ValueError(
                f"The net is trained on folds of the rows, which its iterator_train__{name} does "
                "not know of. Leave it unset."
            )
    size = loader.get("batch_size", net.batch_size)
    if len(rows) % size == 1 and any(isinstance(m, _BATCH_NORMS) for m in net.module_.modules()):
        rows = np.append(rows, rows[0])
    return SomeRows(dataset, rows)


def _make_batch_positions(net, dataset):
    if n_processes_of(net) > 1:
        raise ValueError(
            f"{type(net.criterion_).__name__} keeps something for each row, but rows move "
            "between the processes that train the net. Train in one process."
        )
    return BatchPositions(len(dataset))
