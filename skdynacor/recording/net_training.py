"""Training a skorch net, without what its loop pays per batch where nobody needs it."""

import copy
import hashlib
from contextlib import nullcontext

import numpy as np
import torch
from scipy.sparse import issparse
from sklearn.base import clone
from skorch import NeuralNet
from skorch.callbacks import Callback, EpochScoring, LRScheduler
from torch import nn

from ..groundwork.devices import seeded
from ..groundwork.progress_bar import SILENCE
from ..groundwork.threads import OPERATIONS_PER_THREAD, using_threads
from ..groundwork.weights import to_arrays, to_tensors
from .accelerated_nets import device_of, drop_schedules, gather, let_go, n_processes_of
from .checkpoints import TrainingFolder, make_checkpoints
from .followed_rows import TellRows, follows_rows
from .net_setup import initialize, prepare
from .progress import EpochReporter
from .recordings import Recording
from .replay import hash_rows
from .row_batches import SomeRows, as_served, to_tensor
from .signal_recorder import Recorder

#: Methods of skorch that decide what a training step is, or listen to it. A net that has its own
#: keeps them.
_STEP_METHODS = (
    *("fit_loop", "run_single_epoch", "train_step", "train_step_single"),
    *("initialize_module", "initialize_criterion", "initialize_optimizer"),
    *("on_batch_begin", "on_batch_end"),
)

#: Modules that learn nothing from a batch of one row, and say so.
_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)

#: Callbacks that listen to batches, but do not read their loss from the history.
_BLIND_TO_LOSSES = (Recorder, TrainingFolder, TellRows, LRScheduler, EpochScoring)


class TrainedNet:
    """A net with its weights after every epoch.

    Parameters
    ----------
    classifier : skorch.NeuralNet
    checkpoints : list of dict
        The module's state after each epoch.
    to_logits : callable
        Turns what the net puts out into logits of shape (n, n_classes).
    """

    averages_stages = True
    rows_at_once = 65536  # to ask the logits of

    def __init__(self, classifier, checkpoints, to_logits):
        self.classifier = classifier
        self.checkpoints = checkpoints
        self.to_logits = to_logits

    def __getstate__(self):
        state = vars(self).copy()
        state["classifier"] = _without_schedules(self.classifier)
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
            yield self.to_logits(_ask(net, rows).float())

    def hidden_units(self, X):
        """Give what the last linear layer gets, (n_samples, n_units), float32, on the CPU.

        A module without linear layers is seen by what it puts out.
        """
        net, rows = self._serve(X)
        net.module_.load_state_dict(self.classifier.module_.state_dict())
        linear = [each for each in net.module_.modules() if isinstance(each, nn.Linear)]
        seen = []
        if linear:
            linear[-1].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].cpu()))
        outputs = _ask(net, rows)
        return (torch.cat(seen) if seen else outputs).flatten(1).float()

    def _serve(self, X):
        """Give a net whose weights may be replaced, and rows as it takes them."""
        net = clone(self.classifier)
        net.callbacks = "disable"  # set_params fails where they are disabled already
        rows, first = (as_served(net, part) if issparse(X) else part for part in (X, X[:1]))
        with seeded(0):  # what is drawn decides nothing: weights are replaced
            net.initialize()
        if X.ndim == 2:  # convolutions of images would take several times as long
            _evaluate_in_double_precision(net, first)
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
        _ask(net, row)
    except RuntimeError:  # a forward that makes float32 tensors of its own
        hook.remove()
        module.float()


def _to_double(module, inputs):
    return tuple(
        each.double() if torch.is_tensor(each) and each.is_floating_point() else each
        for each in inputs
    )


def _ask(net, rows):
    """Give what a net puts out for rows."""
    with seeded(0):  # loaders draw needlessly
        outputs = net.forward(rows)
    return outputs[0] if isinstance(outputs, tuple) else outputs


def _without_schedules(net):
    """Copy a trained net, less its spent schedules, which hold tensors of the optimiser's."""
    net = copy.copy(net)
    net.callbacks_ = [(name, copy.copy(callback)) for name, callback in net.callbacks_]
    drop_schedules(net)
    if isinstance(net.callbacks, list):
        # skorch initializes the very ones that it is given.
        net.callbacks = clone(net.callbacks, safe=False)
    return net


def record_net(
    classifier,
    X,
    copies,
    labels,
    n_classes,
    *,
    signals,
    device,
    seed,
    told,
    keep=True,
    folder=None,
    progress=SILENCE,
):
    """Train a net and record the signals of every row at every epoch.

    Parameters
    ----------
    classifier : skorch.NeuralNet or None
    X : ndarray of shape (n_samples, ...) or csr_array of shape (n_samples, n_features)
    copies : ndarray or csr_array of shape (n_copies, ...)
    labels : ndarray of shape (n_samples + n_copies,), dtype int64
    n_classes : int
    signals : list of callable
        ``(logits, labels) -> (n,)``.
    device : str
    seed : int
    told : ndarray of shape (n_trained,)
        Positions of the rows and copies to train on, in the order that batches are drawn from; the
        others are judged after every epoch.
    keep : bool or path, default=True
        Whether or where to keep the weights of every epoch.
    folder : TrainingFolder or None, default=None
        Where the training is saved, and taken up again.
    progress : Report or Silence, default=SILENCE
        Is told of every epoch.

    Returns
    -------
    recording : Recording
        Of a ``TrainedNet``; its logits are means over the epochs.
    """
    net, dataset = prepare(classifier, X, copies, labels, n_classes, device, told)
    if n_processes_of(net) > 1:
        _check_in_memory(keep, folder)
        seed = _agree(net, (X, copies, labels), seed)
    with seeded(seed), nullcontext() if folder is None else folder.lock():
        to_logits, n_operations = initialize(net, dataset, n_classes)
        recorder = Recorder(
            signals=signals,
            to_logits=to_logits,
            labels=to_tensor(labels),
            n_epochs=net.max_epochs,
            fetch=lambda positions: net.iterator_train__collate_fn(dataset.__getitems__(positions)),
            checkpoints=make_checkpoints(keep),
        )
        own = np.arange(X.shape[0])
        judged = np.setdiff1d(own, told) if len(told) < len(own) else own
        listeners = [recorder, EpochReporter(progress, recorder, judged)]
        if folder is not None:
            listeners.append(folder.of(recorder))
        if follows_rows(net.criterion_):
            listeners.append(_tell_rows(net, dataset))
        for listener in listeners:
            listener.initialize()
            net.callbacks_.append((type(listener).__name__, listener))
        trained_on = _rows_to_train_on(net, dataset, told)
        with using_threads(n_operations, OPERATIONS_PER_THREAD):
            train(net, trained_on, resume=None if folder is None else folder.resume)
        del net.callbacks_[-len(listeners) :]
        let_go(net)
    logits, record = recorder.mean_logits().numpy(), recorder.trajectories().numpy()
    return Recording(TrainedNet(net, recorder.checkpoints, to_logits), record, logits)


def _rows_to_train_on(net, dataset, told):
    loader, everything = net.get_params_for("iterator_train"), len(told) == len(dataset)
    if not loader.get("shuffle"):  # in the caller's order, or as a sampler draws positions
        if everything:
            return dataset
        told = np.sort(told)
    for name in ("sampler", "batch_sampler"):
        if loader.get(name) is not None:
            raise ValueError(
                f"held_out=True leaves rows out, which the classifier's iterator_train__{name} "
                "does not know of. Leave it unset, or set held_out=False."
            )
    size = loader.get("batch_size", net.batch_size)
    if len(told) % size == 1 and any(isinstance(m, _BATCH_NORMS) for m in net.module_.modules()):
        told = np.append(told, told[0])
    return SomeRows(dataset, told)


def _tell_rows(net, dataset):
    if n_processes_of(net) > 1:
        raise ValueError(
            f"{type(net.criterion_).__name__} keeps something for each row, and rows go from one "
            "process to another where several train the classifier. Train in one process."
        )
    return TellRows(len(dataset))


def _check_in_memory(keep, folder):
    if folder is not None or not isinstance(keep, bool):
        name, instead = ("keep_checkpoints", True) if folder is None else ("checkpoint_dir", None)
        raise ValueError(
            f"Several processes train the classifier, and would all write to the folder of {name}. "
            f"Set {name}={instead}, or train in one process."
        )


def _agree(net, arrays, seed):
    """Check that all processes that train a net have the same arrays; return the first's seed."""
    digest = hashlib.blake2b(digest_size=8)
    for array in arrays:
        digest.update(np.ascontiguousarray(hash_rows(array) if issparse(array) else array))
    digest = int.from_bytes(digest.digest(), "little", signed=True)
    digests, seeds = gather(net, torch.tensor([digest, seed], device=device_of(net))).T.tolist()
    if len(set(digests)) > 1:
        raise ValueError(
            "The processes that train the classifier have different rows or labels. Give each the "
            "same X and y, and an int for the random_state of what makes copies of rows."
        )
    return seeds[0]


def train(net, dataset, resume=None):
    """Train an initialized net for ``max_epochs`` on a data set.

    It is ``net.fit`` but for Ctrl-C, which skorch takes for a wish to stop early and which is
    raised here. Nets that leave skorch's training step as it is get the same step without its
    closure and bookkeeping, which small nets notice.

    Parameters
    ----------
    net : skorch.NeuralNet
    dataset : torch.utils.data.Dataset
    resume : callable or None, default=None
        ``resume(net)`` brings the net to where a training ended before, and returns how many epochs
        are done.
    """
    net.notify("on_train_begin", X=dataset, y=None)
    n_epochs = net.max_epochs - (0 if resume is None else resume(net))
    if _is_plain(net):
        epoch_parts = {"dataset_train": dataset, "dataset_valid": None}
        loader = net.get_iterator(dataset, training=True)
        for _ in range(n_epochs):
            net.notify("on_epoch_begin", **epoch_parts)
            _run_epoch(net, loader)
            net.notify("on_epoch_end", **epoch_parts)
    else:
        net.fit_loop(dataset, epochs=n_epochs)
    net.notify("on_train_end", X=dataset, y=None)


def _is_plain(net):
    own_steps = any(getattr(type(net), m) is not getattr(NeuralNet, m) for m in _STEP_METHODS)
    own_closure = isinstance(net.optimizer_, torch.optim.LBFGS)  # evaluates a step several times
    sees_gradients = _listeners(net, "on_grad_computed")
    sees_losses = any(
        not isinstance(callback, _BLIND_TO_LOSSES) for callback in _listeners(net, "on_batch_end")
    )
    return not (own_steps or own_closure or sees_gradients or sees_losses)


def _listeners(net, event):
    """List the callbacks that do something at an event."""
    callbacks = [callback for _, callback in net.callbacks_]
    return [c for c in callbacks if getattr(type(c), event) is not getattr(Callback, event)]


def _run_epoch(net, loader):
    net.module_.train()
    net.criterion_.train()
    begin, end = (_listeners(net, f"on_batch_{moment}") for moment in ("begin", "end"))
    losses = []
    for batch in loader:
        net.history.new_batch()
        for callback in begin:
            callback.on_batch_begin(net, batch=batch, training=True)
        X, y = batch
        net.optimizer_.zero_grad()
        y_pred = net.infer(X)
        loss = net.get_loss(y_pred, y, X=X, training=True)
        loss.backward()
        net.optimizer_.step()
        # Kept, small tensors split up the memory; but for a device's, the host would wait.
        losses.append(loss.item() if loss.device.type == "cpu" else loss.detach())
        net.history.record_batch("train_batch_size", len(y))
        for callback in end:
            callback.on_batch_end(net, batch=batch, training=True, loss=loss, y_pred=y_pred)
    if torch.is_tensor(losses[0]):
        losses = torch.stack(losses).tolist()
    for record, loss in zip(net.history[-1]["batches"], losses, strict=True):
        record["train_loss"] = loss
    net.history.record("train_batch_count", len(losses))
