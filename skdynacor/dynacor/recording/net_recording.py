"""Training a net on rows and copies, and recording signals of every row."""

import numpy as np

from ...training.accelerated_nets import n_processes_of
from ...training.checkpoints import TrainingState, find_seed, make_checkpoints
from ...training.net_training import EpochProgress, TrainedNet, train_net
from ...training.row_batches import to_tensor
from ...utils.progress import no_progress
from .signal_recorder import Recorder


def record_net(
    estimator,
    X,
    copies,
    labels,
    n_classes,
    *,
    signals,
    device,
    seed,
    keep=True,
    state_path=None,
    identity="",
    advance=no_progress,
):
    """Train a net, and record the signals of every row and copy at every epoch.

    ``signals`` are functions ``(logits, labels) -> (n,)``; ``keep`` says whether, or in which
    folder, to keep the weights of every epoch; ``state_path`` is the file that the training of this
    ``identity`` is saved in and resumed from. Other parameters are those of ``train_net``.

    Returns the ``TrainedNet``, the record, (n_signals, n_rows, n_epochs), and mean logits over the
    epochs, (n_rows, n_classes).
    """
    if state_path is not None:
        seed = find_seed(state_path, identity, seed)
    recorders = []

    def make_callbacks(net, dataset, to_logits):
        if n_processes_of(net) > 1 and not (state_path is None and isinstance(keep, bool)):
            raise ValueError(
                "Several processes train the net, and would all write to the folder of "
                "checkpoint_dir or keep_checkpoints. Leave these unset, or train in one process."
            )
        recorder = Recorder(
            signals=signals,
            to_logits=to_logits,
            labels=to_tensor(labels),
            n_epochs=net.max_epochs,
            fetch=lambda positions: net.iterator_train__collate_fn(dataset.__getitems__(positions)),
            checkpoints=make_checkpoints(keep),
        )
        recorders.append(recorder)
        callbacks = [recorder, EpochProgress(advance, "net")]
        if state_path is not None:
            callbacks.append(TrainingState(state_path, identity, seed, recorder))
        return callbacks

    net, to_logits = train_net(
        estimator,
        X,
        copies,
        labels,
        n_classes,
        rows=np.arange(len(labels)),
        device=device,
        seed=seed,
        make_callbacks=make_callbacks,
    )
    (recorder,) = recorders
    record, logits = recorder.trajectories().numpy(), recorder.mean_logits().numpy()
    return TrainedNet(net, recorder.checkpoints, to_logits), record, logits
