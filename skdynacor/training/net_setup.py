"""Setting up a skorch net, and the data set that it trains on."""

import inspect
from contextlib import nullcontext
from numbers import Integral

import torch
from scipy.sparse import csr_matrix, issparse
from sklearn.base import clone
from sklearn.utils import get_tags
from skorch import NeuralNet, NeuralNetBinaryClassifier
from skorch.callbacks import EarlyStopping
from skorch.dataset import Dataset as SkorchDataset
from skorch.dataset import ValidSplit
from torch import nn
from torch.utils.data import default_collate
from torch.utils.flop_counter import FlopCounterMode

from ..nets import make_mlp_classifier
from ..nets._mlp import schedule_for
from ..utils.moments import mean_and_scale
from ..utils.sparse_rows import stack_rows
from ..utils.torch_settings import choose_device
from ..utils.validation import MIN_SAMPLES
from .accelerated_nets import device_of, evaluate, is_accelerated, set_up_accelerator
from .logits import logits_from_log_odds, logits_from_probabilities
from .row_batches import (
    ArrayRows,
    IndexedCollate,
    IndexedDataset,
    SparseRows,
    as_fetched,
    to_tensor,
)


def takes_missing(estimator):
    """Whether an estimator takes rows with missing values; None is the default net."""
    if isinstance(estimator, NeuralNet | type | None):  # a class is refused later on
        return False
    return get_tags(estimator).input_tags.allow_nan


def prepare(estimator, X, copies, labels, n_classes, device):
    """Clone a net, set what follows from the data, and make its data set of rows and copies."""
    net = make_mlp_classifier() if estimator is None else clone(estimator)
    _set_schedule(net, X.shape[0])
    _check_net(net)
    net.set_params(train_split=None, warm_start=False)
    if is_accelerated(net):
        set_up_accelerator(net, device)
    else:
        net.set_params(device=choose_device(device, otherwise=net.device))
    if getattr(net, "classes", ()) is None:  # skorch cannot infer them from a data set
        net.set_params(classes=list(range(n_classes)))
    _set_module_params(net, X, n_classes)
    targets = to_tensor(labels)
    if isinstance(net, NeuralNetBinaryClassifier):
        targets = targets.float()
    return net, _make_dataset(net, X, copies, targets)


def _set_schedule(net, n_samples):
    """Choose batch size and number of epochs by the number of rows where they are ``"auto"``."""
    for name, chosen in schedule_for(n_samples).items():
        if isinstance(getattr(net, name), str) and getattr(net, name) == "auto":
            net.set_params(**{name: chosen})


def _check_net(net):
    split = net.train_split
    default = isinstance(split, ValidSplit) and split.cv == 5 and split.random_state is None
    if split and not default:
        raise ValueError(
            f"The estimator holds out rows for validation (train_split={split}), which are then "
            "not trained on. Set train_split=None."
        )
    loader = net.get_params_for("iterator_train")
    sampler = loader.get("batch_sampler")
    if loader.get("drop_last") or getattr(sampler, "drop_last", False):
        raise ValueError(
            "The estimator drops the last batch of an epoch (iterator_train__drop_last=True), "
            "whose rows are then not trained on. Set it to False."
        )
    for callback in net.callbacks or () if net.callbacks != "disable" else ():
        callback = callback[1] if isinstance(callback, tuple) else callback
        if isinstance(callback, EarlyStopping) or callback is EarlyStopping:
            raise ValueError(
                "The estimator stops early (EarlyStopping among its callbacks); every epoch of "
                "max_epochs is needed. Remove the callback, or lower max_epochs."
            )
    if not isinstance(net.max_epochs, Integral) or net.max_epochs < 1:
        raise ValueError(
            f"The estimator trains for max_epochs={net.max_epochs!r}; at least 1 is needed, as an "
            "int."
        )
    for size in (loader.get("batch_size", 1), net.batch_size):
        if not isinstance(size, Integral) or not (size > 0 or size == -1):
            raise ValueError(
                f"The estimator takes batches of batch_size={size!r} rows; at least 1 is needed, "
                "as an int, or -1 for all."
            )
    net.set_params(batch_size=int(net.batch_size))  # torch takes no integer of numpy's
    if "batch_size" in loader:
        net.set_params(iterator_train__batch_size=int(loader["batch_size"]))


def _set_module_params(net, X, n_classes):
    """Set the module's parameters that follow from the data, unless the user set them."""
    if not inspect.isclass(net.module):
        return
    wanted = set(inspect.signature(net.module).parameters) - set(net.get_params_for("module"))
    known = {"n_features": X.shape[1], "n_classes": n_classes}
    if X.ndim > 2:  # images: the first dimension of a row is its channels
        known["n_channels"] = X.shape[1]
    if wanted & {"feature_mean", "feature_scale"}:
        known["feature_mean"], known["feature_scale"] = mean_and_scale(X)
    net.set_params(**{f"module__{name}": known[name] for name in known.keys() & wanted})


def _make_dataset(net, X, copies, targets):
    """Make the training's data set, and set up the net's loader for it."""
    loader = net.get_params_for("iterator_train")
    custom = net.dataset is not SkorchDataset or net.get_params_for("dataset")
    if custom or "collate_fn" in loader:
        rows = stack_rows(X, copies)
        # NB: skorch's own data set takes a row of a sparse array for a matrix, which it is not.
        inner = net.get_dataset(csr_matrix(rows) if issparse(rows) else rows, targets.numpy())
        dataset = IndexedDataset(inner)
        collate = IndexedCollate(loader.get("collate_fn", default_collate))
    else:
        # Workers are processes, which cannot share tensors on an accelerator.
        device = "cpu" if loader.get("num_workers") else device_of(net)
        make = SparseRows.of(net, loader) if issparse(X) else ArrayRows
        dataset, collate = make(X, copies, targets, device), as_fetched
    # NB: pinning takes batches apart and loses their positions.
    net.set_params(iterator_train__collate_fn=collate, iterator_train__pin_memory=False)
    return dataset


def initialize(net, dataset, n_classes):
    """Initialize a net, and evaluate it on a few rows.

    Returns ``to_logits`` for its outputs, and the floating-point operations of a training step on
    the CPU, 0 elsewhere.
    """
    try:
        net.initialize()
    except Exception as error:
        raise ValueError(
            "The estimator cannot be set up with the parameters that it has: "
            f"{type(error).__name__}: {error}"
        ) from None
    batch = net.iterator_train__collate_fn(dataset.__getitems__(list(range(MIN_SAMPLES))))
    shape = tuple(batch[0].shape)
    on_cpu = torch.device(device_of(net)).type == "cpu" and not net.compile
    counter = FlopCounterMode(display=False) if on_cpu else nullcontext()
    try:
        with counter:
            outputs = evaluate(net, batch)
    except Exception as error:
        raise ValueError(
            f"The estimator's module fails on a batch of shape {shape}: "
            f"{type(error).__name__}: {error}. Set its input size to {shape[1:]}, or give its "
            "constructor a parameter n_features, which is set for you."
        ) from None
    outputs = outputs[0] if isinstance(outputs, tuple) else outputs
    # The backward pass takes about twice as many as the forward pass.
    n_operations = 3 * counter.get_total_flops() * net.batch_size // len(batch[0]) if on_cpu else 0
    if isinstance(net, NeuralNetBinaryClassifier):
        if n_classes != 2 or outputs.numel() != len(outputs):
            raise ValueError(
                f"NeuralNetBinaryClassifier separates two classes with one output; y has "
                f"{n_classes} classes and the module returns shape {tuple(outputs.shape)}."
            )
        return logits_from_log_odds, n_operations
    if tuple(outputs.shape) != (len(batch[0]), n_classes):
        raise ValueError(
            f"The estimator's module returns shape {tuple(outputs.shape)} for a batch of "
            f"{len(batch[0])} rows; y has {n_classes} classes, so it must return "
            f"({len(batch[0])}, {n_classes}). Set its number of outputs to {n_classes}, or give "
            "its constructor a parameter n_classes, which is set for you."
        )
    sums = outputs.float().sum(dim=1)
    probabilities = bool(
        (outputs >= 0).all() and torch.isclose(sums, sums.new_ones(()), atol=1e-3).all()
    )
    if isinstance(net.criterion_, nn.CrossEntropyLoss) and probabilities:
        raise ValueError(
            "The estimator's module ends in a softmax and its criterion, CrossEntropyLoss, takes "
            "a softmax again. Remove the softmax from the module, or set criterion=NLLLoss."
        )
    if isinstance(net.criterion_, nn.NLLLoss) and not probabilities:
        raise ValueError(
            "The estimator's criterion is NLLLoss, for which skorch wants probabilities, but the "
            "module returns something else. Set criterion=torch.nn.CrossEntropyLoss for logits, "
            "or end the module in a softmax."
        )
    return logits_from_probabilities if probabilities else nn.Identity(), n_operations
