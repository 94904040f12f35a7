"""Keeping the weights of every epoch, and resuming a training that was killed."""

import hashlib
import json
import pickle
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import joblib
import numpy as np
import torch
from sklearn.base import BaseEstimator
from skorch.callbacks import Callback, LRScheduler
from skorch.history import History

from ..utils.files import writing


class SavedWeights(Sequence):
    """The weights after each epoch, in files of a folder."""

    def __init__(self, folder):
        self.folder = str(Path(folder).resolve())
        self.n_epochs = 0

    def append(self, state):
        Path(self.folder).mkdir(parents=True, exist_ok=True)
        _save(state, self._path(self.n_epochs))
        self.n_epochs += 1

    def __len__(self):
        return self.n_epochs

    def __getitem__(self, epoch):
        path = self._path(range(self.n_epochs)[epoch])
        if not path.exists():
            raise FileNotFoundError(
                f"The weights of an epoch are missing: there is no {path}. Rows that were not in "
                "fit cannot be scored without them; fit again."
            )
        return _load(path)

    def _path(self, epoch):
        return Path(self.folder) / f"weights-{epoch + 1:04d}.pt"


class NoWeights:
    """Replaces weights that are not kept."""

    def __init__(self):
        self.n_epochs = 0

    def append(self, state):
        self.n_epochs += 1

    def __len__(self):
        return self.n_epochs

    def __reversed__(self):
        raise ValueError(
            "X has rows that were not in fit, which takes the weights of every epoch to score; "
            "they were not kept. Fit with keep_checkpoints=True or a folder."
        )


def make_checkpoints(keep):
    """Keep weights in memory (True), not at all (False), or in a folder (its path)."""
    if isinstance(keep, bool):
        return [] if keep else NoWeights()
    return SavedWeights(keep)


class TrainingState(Callback):
    """Save a training after every epoch in one file, and resume it from there.

    The file is replaced as a whole, so that a kill at any moment leaves one to resume from. The
    ``recorder`` has ``state_dict()`` and ``load_state_dict(state)``.
    """

    def __init__(self, path, identity, seed, recorder):
        self.path = path
        self.identity = identity
        self.seed = seed
        self.recorder = recorder

    def resume(self, net):
        """Restore the saved training; return how many epochs it has done."""
        if not self.path.exists():
            return 0
        state = _load(self.path)
        net.module_.load_state_dict(state["module"])
        net.criterion_.load_state_dict(state["criterion"])
        net.optimizer_.load_state_dict(state["optimizer"])
        for schedule, saved in zip(_schedules(net), state["schedules"], strict=True):
            schedule.load_state_dict(saved)
        net.history_ = History(json.loads(state["history"]))
        for generator, saved in zip(_generators(net), state["generators"], strict=True):
            generator.set_state(saved)
        torch.set_rng_state(state["random"])
        torch.cuda.set_rng_state_all(state["random_cuda"])
        self.recorder.load_state_dict(state["recorder"])
        return len(net.history)

    def on_epoch_end(self, net, **kwargs):
        state = {
            "identity": self.identity,
            "seed": self.seed,
            "module": net.module_.state_dict(),
            "criterion": net.criterion_.state_dict(),
            "optimizer": net.optimizer_.state_dict(),
            "schedules": [schedule.state_dict() for schedule in _schedules(net)],
            "history": json.dumps(net.history.to_list()),
            "generators": [generator.get_state() for generator in _generators(net)],
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state_all(),
            "recorder": self.recorder.state_dict(),
        }
        _save(state, self.path)


def find_seed(path, identity, seed):
    """Return the seed of the training saved in a file, if there is one; make the file's folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        return seed
    state = _load(path)
    if state["identity"] != identity:
        raise ValueError(
            f"{path} holds a training of other data or parameters. Set another checkpoint_dir, or "
            "remove the file."
        )
    return state["seed"]


def identify(estimator, *arrays):
    """Hash the data and the parameters that decide a training's result."""
    ignored = ("checkpoint_dir", "device", "verbose")
    params = {
        name: _to_stable_text(value)
        for name, value in sorted(estimator.get_params().items())
        if name not in ignored and not name.endswith("__verbose")
    }
    digest = hashlib.sha256(json.dumps(params).encode())
    for array in arrays:
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def _to_stable_text(value):
    """Text of a parameter's value, the same in every process."""
    if isinstance(value, type(None) | bool | int | float | str):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_to_stable_text, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{k}: {_to_stable_text(v)}' for k, v in value.items())}}}"
    if isinstance(value, np.ndarray | np.generic | torch.Tensor):
        return joblib.hash(np.asarray(value))
    if isinstance(value, torch.nn.Module):
        return repr(value)
    kind = value if hasattr(value, "__qualname__") else type(value)
    is_named = isinstance(value, type | BaseEstimator) or callable(value)
    kind = kind if is_named else type(value)
    return f"{kind.__module__}.{kind.__qualname__}"


def _schedules(net):
    schedules = [callback for _, callback in net.callbacks_ if isinstance(callback, LRScheduler)]
    return [schedule.lr_scheduler_ for schedule in schedules]


def _generators(net):
    """Random number generators that the user passed to the loader or its sampler."""
    loader = net.get_params_for("iterator_train")
    found = [loader.get("generator"), getattr(loader.get("sampler"), "generator", None)]
    return [generator for generator in found if generator is not None]


def _save(state, path):
    with writing(path) as file:
        torch.save(state, file)


def _load(path):
    try:
        with torch.serialization.safe_globals([Counter]):  # of torch's own MultiStepLR
            return torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise ValueError(
            f"{path} cannot be read: it is damaged, or holds more than tensors and plain "
            "containers. Remove its folder, and fit again."
        ) from error
