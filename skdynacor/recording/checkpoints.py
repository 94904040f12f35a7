"""Saving a training at every epoch, so that one that was killed goes on."""

import hashlib
import io
import json
import pickle
from collections import Counter
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

import joblib
import numpy as np
import torch
from filelock import Timeout
from sklearn.base import BaseEstimator
from skorch.callbacks import Callback, LRScheduler
from skorch.history import History

from ..groundwork.files import read_sealed, write_sealed
from ..groundwork.locks import take_lock
from .accelerated_nets import weights_of

_PLAIN = (type(None), bool, int, float, str)


class SavedWeights(Sequence):
    """The weights after each epoch, in files of a folder.

    Those of another fit with the same folder replace them, and are not taken for them.

    Parameters
    ----------
    folder : str or Path
    """

    def __init__(self, folder):
        self.folder = str(Path(folder).resolve())
        self.seals = []

    def append(self, state):
        Path(self.folder).mkdir(parents=True, exist_ok=True)
        self.seals.append(_save(state, self._path(len(self))))

    def __len__(self):
        return len(self.seals)

    def __getitem__(self, epoch):
        epoch = range(len(self))[epoch]
        path = self._path(epoch)
        if not path.exists():
            raise FileNotFoundError(
                f"The weights of epoch {epoch + 1} are missing: there is no {path}. Rows that were "
                "not in the training cannot be judged without them; fit again."
            )
        return _load(path, self.seals[epoch])

    def _path(self, epoch):
        return Path(self.folder) / f"weights-{epoch + 1:04d}.pt"


class NoWeights:
    """Takes the place of weights that are not kept."""

    def __init__(self):
        self.n_epochs = 0

    def append(self, state):
        self.n_epochs += 1

    def __len__(self):
        return self.n_epochs

    def __reversed__(self):
        raise ValueError(
            "X has rows that were not in the training, which takes the weights of every epoch to "
            "judge; they were not kept. Fit with keep_checkpoints=True or a folder."
        )


def make_checkpoints(keep):
    """Make what keeps weights: in memory (True), not at all (False), or in a folder (its path)."""
    if isinstance(keep, bool):
        return [] if keep else NoWeights()
    return SavedWeights(keep)


@contextmanager
def claiming(folder, identity, seed):
    """Keep a folder for one fit and its trainings, while the block runs.

    The folder is free again as soon as the process ends, however it does.

    Parameters
    ----------
    folder : str or Path
    identity : dict of str to str
        What the fit is of, see ``identify``.
    seed : int
        Of a new fit.

    Yields
    ------
    seed : int
        That of the fit in the folder, if there is one.

    Raises
    ------
    RuntimeError
        If another process has the folder.
    ValueError
        If the folder holds trainings of anything else; it names what differs.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        lock = take_lock(folder / "fit.lock", wait=False)
    except Timeout:
        raise RuntimeError(
            f"checkpoint_dir={str(folder)!r} is in use: another fit trains in it. Wait until that "
            "ends, or name another folder."
        ) from None
    with lock:
        yield _take_up_or_begin(folder, identity, seed)


def _take_up_or_begin(folder, identity, seed):
    path = folder / "training.json"
    if next(folder.rglob("state.pt"), None) is None:  # nothing that another training would spoil
        write_sealed(path, json.dumps({"identity": identity, "seed": seed}, indent=1).encode())
        return seed
    saved = json.loads(str(read_sealed(path), "utf-8"))
    names = dict.fromkeys([*identity, *saved["identity"]])
    differ = [name for name in names if saved["identity"].get(name) != identity.get(name)]
    if differ:
        raise ValueError(
            f"checkpoint_dir={str(folder)!r} holds another training; what differs: "
            f"{', '.join(differ)}. Name another folder, or remove this one."
        )
    return saved["seed"]


class TrainingFolder(Callback):
    """Save a training after every epoch, and take it up again.

    A file for each epoch holds the signals recorded in it and the weights after it; ``state.pt``,
    replaced last, holds what the next epoch starts from. All are written beside and then renamed,
    so that a kill at any moment leaves a folder from which the training goes on, and all end in a
    digest, so that none is believed that was damaged since.

    Parameters
    ----------
    folder : str or Path
        It is, or is in, the one that the fit has claimed.
    """

    def __init__(self, folder):
        self.folder = Path(folder)

    def of(self, recorder):
        """Save what a recorder records; return self."""
        self.recorder = recorder
        return self

    def lock(self):
        """Wait until nobody else trains here, and keep the folder while a block runs.

        A worker process outlives a fit that is killed, until its training ends; then the training
        is there to be taken up.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        return take_lock(self.folder / "training.lock", wait=True)

    def resume(self, net):
        """Bring a net that is about to train to where the saved training ended.

        Returns
        -------
        n_epochs : int
            How many epochs are done.
        """
        path = self.folder / "state.pt"
        if not path.exists():
            return 0
        state = _load(path)
        for epoch in range(state["n_epochs"]):
            saved = _load(self._epoch_path(epoch))
            signals = saved["signals"].to(net.device)
            self.recorder.take_up(signals, saved["weights"], state["sums"])
        net.module_.load_state_dict(saved["weights"])
        net.criterion_.load_state_dict(state["criterion"])
        net.optimizer_.load_state_dict(state["optimizer"])
        for schedule, saved_schedule in zip(_schedules(net), state["schedules"], strict=True):
            schedule.load_state_dict(saved_schedule)
        net.history_ = History(json.loads(state["history"]))
        for generator, saved_generator in zip(_generators(net), state["generators"], strict=True):
            generator.set_state(saved_generator)
        torch.set_rng_state(state["random"])
        torch.cuda.set_rng_state_all(state["random_cuda"])
        return state["n_epochs"]

    def on_epoch_end(self, net, **kwargs):
        n_epochs = len(self.recorder.checkpoints)
        done = {"signals": self.recorder.last_signals().cpu(), "weights": weights_of(net)}
        _save(done, self._epoch_path(n_epochs - 1))
        _save(
            {
                "n_epochs": n_epochs,
                "sums": [each.cpu() for each in self.recorder.sums],
                "criterion": net.criterion_.state_dict(),
                "optimizer": net.optimizer_.state_dict(),
                "schedules": [schedule.state_dict() for schedule in _schedules(net)],
                "history": json.dumps(net.history.to_list()),
                "generators": [generator.get_state() for generator in _generators(net)],
                "random": torch.get_rng_state(),
                "random_cuda": torch.cuda.get_rng_state_all(),
            },
            self.folder / "state.pt",
        )

    def _epoch_path(self, epoch):
        return self.folder / f"epoch-{epoch + 1:04d}.pt"


def identify(estimator, arrays):
    """Describe a training: a digest of each array, and the estimator's parameters.

    Parameters
    ----------
    estimator : BaseEstimator
    arrays : dict of str to ndarray

    Returns
    -------
    identity : dict of str to str
    """
    digests = {
        name: hashlib.blake2b(np.ascontiguousarray(array), digest_size=16).hexdigest()
        for name, array in arrays.items()
    }
    ignored = ("checkpoint_dir", "keep_checkpoints", "device", "n_jobs", "verbose")
    parameters = {
        name: _describe(value)
        for name, value in estimator.get_params().items()
        if name not in ignored and not name.endswith("__verbose")
    }
    return {**digests, **parameters}


def _describe(value):
    """Name a parameter's value alike in every process."""
    if isinstance(value, _PLAIN):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_describe, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{k}: {_describe(v)}' for k, v in value.items())}}}"
    if isinstance(value, (np.ndarray, np.generic, torch.Tensor)):
        return joblib.hash(np.asarray(value))
    if isinstance(value, torch.nn.Module):
        return repr(value)
    if isinstance(value, (type, BaseEstimator)) or callable(value):
        kind = value if hasattr(value, "__qualname__") else type(value)
        return f"{kind.__module__}.{kind.__qualname__}"
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _schedules(net):
    schedules = [callback for _, callback in net.callbacks_ if isinstance(callback, LRScheduler)]
    return [schedule.lr_scheduler_ for schedule in schedules]


def _generators(net):
    """Generators of random numbers that the user gave to the loader or its sampler."""
    loader = net.get_params_for("iterator_train")
    found = [loader.get("generator"), getattr(loader.get("sampler"), "generator", None)]
    return [generator for generator in found if generator is not None]


def _save(state, path):
    data = io.BytesIO()
    torch.save(state, data)
    return write_sealed(path, data.getbuffer())


def _load(path, seal=None):
    data = io.BytesIO(read_sealed(path, seal))
    try:
        with torch.serialization.safe_globals([Counter]):  # of torch's own MultiStepLR
            return torch.load(data, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:  # whose text advises to load the file unsafely
        raise ValueError(
            f"{path} asks for more than tensors and plain containers, which could run code and was "
            "refused. Remove the folder, and fit again."
        ) from error
