"""Setting up a skorch net, and the data set that it trains on."""

import inspect
from contextlib import nullcontext
from numbers import Integral

import numpy as np
import torch
from scipy.sparse import csr_matrix, issparse
from sklearn.base import clone
from skorch import NeuralNetBinaryClassifier
from skorch.callbacks import EarlyStopping
from skorch.dataset import Dataset as SkorchDataset
from skorch.dataset import ValidSplit
from torch import nn
from torch.utils.data import default_collate
from torch.utils.flop_counter import FlopCounterMode

from ..groundwork.devices import choose_device
from ..groundwork.moments import mean_and_scale
from ..groundwork.row_order import number_classes
from ..groundwork.sparse_rows import stack_rows
from ..groundwork.telling_columns import telling_columns
from ..groundwork.validation import MIN_SAMPLES
from ..nets import make_mlp_classifier
from ..nets.mlp import schedule_for
from .accelerated_nets import device_of, evaluate, is_accelerated, set_up_accelerator
from .row_batches import (
    ArrayRows,
    IndexedCollate,
    IndexedDataset,
    SparseRows,
    as_fetched,
    to_tensor,
)
from .signals import logits_from_log_odds, logits_from_probabilities


def prepare(classifier, X, copies, labels, n_classes, device, told=slice(None)):
    """Clone a net, tell it about the data, and make its data set.

    Parameters
    ----------
    classifier : skorch.NeuralNet or None
        ``None`` takes the default MLP.
    X : ndarray or csr_array of shape (n_samples, n_features)
    copies : ndarray or csr_array of shape (n_copies, n_features)
        Further rows to train on.
    labels : ndarray of shape (n_samples + n_copies,), dtype int64
        From 0 to n_classes − 1.
    n_classes : int
    device : str
        ``"auto"`` takes CUDA when there is one, else the classifier's own device.
    told : ndarray of shape (n_trained,) or slice, default=slice(None)
        Positions of the rows and copies that it will train on, in the order to train in.

    Returns
    -------
    net : skorch.NeuralNet
        Not yet initialized.
    dataset : torch.utils.data.Dataset
    """
    net = make_mlp_classifier() if classifier is None else clone(classifier)
    _set_schedule(net, X.shape[0])
    _check_net(net)
    net.set_params(train_split=None, warm_start=False)
    if is_accelerated(net):
        set_up_accelerator(net, device)
    else:
        net.set_params(device=choose_device(device, otherwise=net.device))
    if getattr(net, "classes", ()) is None:  # skorch cannot infer them from a data set
        net.set_params(classes=list(range(n_classes)))
    _tell_module(net, X, n_classes, labels[told])
    targets = to_tensor(labels)
    if isinstance(net, NeuralNetBinaryClassifier):
        targets = targets.float()
    return net, _make_dataset(net, X, copies, targets)


def _set_schedule(net, n_samples):
    """Replace what the net leaves to the number of rows."""
    for name, chosen in schedule_for(n_samples).items():
        if isinstance(getattr(net, name), str) and getattr(net, name) == "auto":
            net.set_params(**{name: chosen})


def _check_net(net):
    split = net.train_split
    default = isinstance(split, ValidSplit) and split.cv == 5 and split.random_state is None
    if split and not default:
        raise ValueError(
            f"The classifier holds rows out of its training (train_split={split}); rows held out "
            "leave no trail. Set train_split=None."
        )
    loader = net.get_params_for("iterator_train")
    sampler = loader.get("batch_sampler")
    if loader.get("drop_last") or getattr(sampler, "drop_last", False):
        raise ValueError(
            "The classifier drops the last batch of an epoch (iterator_train__drop_last=True); "
            "rows that are dropped leave no trail. Set iterator_train__drop_last=False."
        )
    for callback in net.callbacks or () if net.callbacks != "disable" else ():
        callback = callback[1] if isinstance(callback, tuple) else callback
        if isinstance(callback, EarlyStopping) or callback is EarlyStopping:
            raise ValueError(
                "The classifier stops early (EarlyStopping among its callbacks); every epoch of "
                "max_epochs is needed. Remove the callback, or lower max_epochs."
            )
    if not isinstance(net.max_epochs, Integral) or net.max_epochs < 1:
        raise ValueError(
            f"The classifier trains for max_epochs={net.max_epochs!r}; at least 1 is needed, as an "
            "int."
        )
    for size in (loader.get("batch_size", 1), net.batch_size):
        if not isinstance(size, Integral) or not (size > 0 or size == -1):
            raise ValueError(
                f"The classifier takes batches of batch_size={size!r} rows; at least 1 is needed, "
                "as an int, or -1 for all."
            )
    net.set_params(batch_size=int(net.batch_size))  # torch takes no integer of numpy's
    if "batch_size" in loader:
        net.set_params(iterator_train__batch_size=int(loader["batch_size"]))


def _tell_module(net, X, n_classes, labels):
    """Set what a module asks for by name and the user did not set."""
    if not inspect.isclass(net.module):
        return
    asked = set(inspect.signature(net.module).parameters) - set(net.get_params_for("module"))
    facts = {"n_features": X.shape[1], "n_classes": n_classes}
    if X.ndim > 2:  # images: the first dimension of a row is its channels
        facts["n_channels"] = X.shape[1]
    if asked & {"feature_mean", "feature_scale"}:
        facts["feature_mean"], facts["feature_scale"] = mean_and_scale(X)
    if "telling_columns" in asked:
        facts["telling_columns"] = telling_columns(X).taken if X.ndim == 2 else None
    if "class_order" in asked:
        known = number_classes(labels)[1]  # a fold may lack some
        facts["class_order"] = np.append(known, np.setdiff1d(np.arange(n_classes), known))
    net.set_params(**{f"module__{name}": facts[name] for name in facts.keys() & asked})


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
        # Workers are processes, which cannot share what lives on an accelerator.
        device = "cpu" if loader.get("num_workers") else device_of(net)
        make = SparseRows.of(net, loader) if issparse(X) else ArrayRows
        dataset, collate = make(X, copies, targets, device), as_fetched
    # NB: pinning takes batches apart and loses their positions.
    net.set_params(iterator_train__collate_fn=collate, iterator_train__pin_memory=False)
    return dataset


def initialize(net, dataset, n_classes):
    """Initialize a net, and try it on a few rows.

    Returns
    -------
    to_logits : callable
        How its outputs become logits.
    n_operations : int
        Floating-point operations of a training step; 0 where they are not the CPU's.
    """
    try:
        net.initialize()
    except Exception as error:
        raise ValueError(
            "The classifier cannot be set up with the parameters that it has: "
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
            f"The classifier's module fails on a batch of shape {shape}: "
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
            f"The classifier's module returns shape {tuple(outputs.shape)} for a batch of "
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
            "The classifier's module ends in a softmax and its criterion, CrossEntropyLoss, takes "
            "a softmax again. Remove the softmax from the module, or set criterion=NLLLoss."
        )
    if isinstance(net.criterion_, nn.NLLLoss) and not probabilities:
        raise ValueError(
            "The classifier's criterion is NLLLoss, for which skorch wants probabilities, but the "
            "module returns something else. Set criterion=torch.nn.CrossEntropyLoss for logits, "
            "or end the module in a softmax."
        )
    return logits_from_probabilities if probabilities else nn.Identity(), n_operations
