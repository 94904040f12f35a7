"""Training a skorch net, without what its loop pays per batch where nobody needs it."""

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback

#: Methods of skorch that decide what a training step is. A net that has its own keeps them.
_STEP_METHODS = (
    *("fit_loop", "run_single_epoch", "train_step", "train_step_single"),
    *("initialize_module", "initialize_criterion", "initialize_optimizer"),
)


def train(net, dataset):
    """Train an initialized net for ``max_epochs`` on a data set.

    It is ``net.fit`` but for Ctrl-C, which skorch takes for a wish to stop early and which is
    raised here. Nets that leave skorch's training step as it is get the same step without its
    closure and bookkeeping, which small nets notice.

    Parameters
    ----------
    net : skorch.NeuralNet
    dataset : torch.utils.data.Dataset
    """
    net.notify("on_train_begin", X=dataset, y=None)
    if _is_plain(net):
        epoch_parts = {"dataset_train": dataset, "dataset_valid": None}
        loader = net.get_iterator(dataset, training=True)
        for _ in range(net.max_epochs):
            net.notify("on_epoch_begin", **epoch_parts)
            _run_epoch(net, loader)
            net.notify("on_epoch_end", **epoch_parts)
    else:
        net.fit_loop(dataset)
    net.notify("on_train_end", X=dataset, y=None)


def _is_plain(net):
    own_steps = any(getattr(type(net), m) is not getattr(NeuralNet, m) for m in _STEP_METHODS)
    own_closure = isinstance(net.optimizer_, torch.optim.LBFGS)  # evaluates a step several times
    sees_gradients = any(
        type(callback).on_grad_computed is not Callback.on_grad_computed
        for _, callback in net.callbacks_
    )
    return not (own_steps or own_closure or sees_gradients)


def _run_epoch(net, loader):
    net.module_.train()
    net.criterion_.train()
    n_batches = 0
    for batch in loader:
        net.notify("on_batch_begin", batch=batch, training=True)
        X, y = batch
        net.optimizer_.zero_grad()
        y_pred = net.infer(X)
        loss = net.get_loss(y_pred, y, X=X, training=True)
        loss.backward()
        net.optimizer_.step()
        net.history.record_batch("train_loss", loss.item())
        net.history.record_batch("train_batch_size", len(y))
        net.notify("on_batch_end", batch=batch, training=True, loss=loss, y_pred=y_pred)
        n_batches += 1
    net.history.record("train_batch_count", n_batches)
