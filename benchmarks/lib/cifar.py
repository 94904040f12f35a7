"""CIFAR-10 and CIFAR-100, and the labels that people gave them, from files that the user has."""

import codecs
import pickle
import warnings
from pathlib import Path

import numpy as np
import torch

N_PIXELS = 3 * 32 * 32
#: Names of the training batches, with their folders as Python and as binary files; the kinds of
#: labels in the order of the binary files, of which the last is read, and its number of classes.
IMAGES = {
    "cifar10": (
        [f"data_batch_{i}" for i in range(1, 6)],
        ("cifar-10-batches-py", "cifar-10-batches-bin"),
        [b"labels"],
        10,
    ),
    "cifar100": (
        ["train"],
        ("cifar-100-python", "cifar-100-binary"),
        [b"coarse_labels", b"fine_labels"],
        100,
    ),
}
#: The file of each, and the arrays in it.
HUMAN_LABELS = {
    "cifar10": (
        "CIFAR-10_human.pt",
        {
            **{"aggre": "aggre_label", "worse": "worse_label"},
            **{f"random{i}": f"random_label{i}" for i in (1, 2, 3)},
        },
    ),
    "cifar100": ("CIFAR-100_human.pt", {"noisy": "noisy_label"}),
}

#: What pickled arrays are made of; numpy 1 and 2 keep the first in different modules.
_RECONSTRUCT = np.empty(0).__reduce__()[0]
_ARRAY_GLOBALS = {
    "numpy.core.multiarray._reconstruct": _RECONSTRUCT,
    "numpy._core.multiarray._reconstruct": _RECONSTRUCT,
    "numpy.ndarray": np.ndarray,
    "numpy.dtype": np.dtype,
    "_codecs.encode": codecs.encode,
}


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module, name):
        try:
            return _ARRAY_GLOBALS[f"{module}.{name}"]
        except KeyError:
            raise pickle.UnpicklingError(
                f"It asks for {module}.{name}, which could run code; it was refused."
            ) from None


def load_images(name, folder):
    """Load the training rows of ``cifar10`` or ``cifar100``.

    Parameters
    ----------
    name : {"cifar10", "cifar100"}
    folder : str or Path
        Where an archive from https://www.cs.toronto.edu/~kriz/cifar.html was unpacked, its Python
        or its binary version.

    Returns
    -------
    X : ndarray of shape (n_samples, 3, 32, 32), dtype uint8
    y : ndarray of shape (n_samples,), dtype int64
    """
    batches, directories, kinds, n_classes = IMAGES[name]
    images, labels = [], []
    for file, read in _find_batches(Path(folder), batches, directories):
        try:
            data, of_rows = read(file, kinds)
            data, of_rows = np.asarray(data), np.asarray(of_rows)
            if data.dtype != np.uint8 or data.shape != (len(of_rows), N_PIXELS):
                raise ValueError(
                    f"It has {len(of_rows)} labels and pixels of shape {data.shape} and dtype "
                    f"{data.dtype}."
                )
            _check_classes(of_rows, n_classes)
        except Exception as error:  # of many types, where a pickle is damaged
            raise ValueError(f"{file} is damaged or of another format: {error}") from error
        images.append(data)
        labels.append(of_rows)
    # (n_samples, 3072) -> (n_samples, colours, rows, columns)
    return np.concatenate(images).reshape(-1, 3, 32, 32), np.concatenate(labels).astype(np.int64)


def load_human_labels(name, folder):
    """Load CIFAR-10N or CIFAR-100N, from http://noisylabels.com.

    Parameters
    ----------
    name : {"cifar10", "cifar100"}
    folder : str or Path
        Where ``CIFAR-10_human.pt`` or ``CIFAR-100_human.pt`` lies.

    Returns
    -------
    labels : dict of str to ndarray of shape (n_samples,), dtype int64
        Row by row those of ``load_images``; none if there is no such file.
    """
    file_name, keys = HUMAN_LABELS[name]
    file = Path(folder) / file_name
    if not file.is_file():
        return {}
    allowed = [(value, key) for key, value in _ARRAY_GLOBALS.items()]
    allowed += [type(np.dtype(code)) for code in np.typecodes["AllInteger"]]
    try:
        with torch.serialization.safe_globals(allowed), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = torch.load(file, weights_only=True)
        labels = {ours: np.asarray(content[key]) for ours, key in keys.items()}
        for array in labels.values():
            _check_classes(array, IMAGES[name][-1])
    except Exception as error:
        raise ValueError(f"{file} is damaged or of another format: {error}") from error
    return {ours: array.astype(np.int64) for ours, array in labels.items()}


def _find_batches(folder, batches, directories):
    """List the files in the folder or in the directory of that name, with what reads them."""
    for directory, suffix, read in zip(
        directories, ("", ".bin"), (_read_pickle, _read_binary), strict=True
    ):
        for parent in (folder / directory, folder):
            files = [parent / f"{name}{suffix}" for name in batches]
            if all(file.is_file() for file in files):
                return [(file, read) for file in files]
    raise FileNotFoundError(
        f"{folder} has not all of {', '.join(batches)} (or these with .bin), neither itself nor in "
        f"{' or '.join(directories)}. Unpack an archive of "
        "https://www.cs.toronto.edu/~kriz/cifar.html there."
    )


def _read_pickle(file, kinds):
    with file.open("rb") as stream:
        batch = _ArrayUnpickler(stream, encoding="bytes").load()
    return batch[b"data"], batch[kinds[-1]]


def _read_binary(file, kinds):
    rows = np.fromfile(file, np.uint8).reshape(-1, len(kinds) + N_PIXELS)
    return rows[:, len(kinds) :], rows[:, len(kinds) - 1]


def _check_classes(labels, n_classes):
    is_class = labels.dtype.kind in "iu" and np.isin(labels, range(n_classes)).all()
    if labels.ndim != 1 or not is_class:
        raise ValueError(f"Labels must be integers from 0 to {n_classes - 1}, one a row.")
