"""Reading the files of CIFAR, as published, and of the labels that people gave."""

import codecs
import pickle
import warnings
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from .file_checks import check_class_numbers, check_same_length, reading

_CIFAR = "https://www.cs.toronto.edu/~kriz/cifar.html"
_CIFAR_N = "http://noisylabels.com"
_N_PIXELS = 3 * 32 * 32

# What a pickled array is rebuilt with. numpy 1 and 2 keep the first in different modules, and
# importing the one that is not theirs warns or fails; any array says which one it is.
_reconstruct = np.empty(0).__reduce__()[0]


def _encode(text, encoding):
    """Make the bytes of an array that were pickled as text; other encodings could multiply them."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"It asks for the encoding {encoding!r}; it was refused.")
    return codecs.encode(text, encoding)


_ARRAY_GLOBALS = {
    "numpy.core.multiarray._reconstruct": _reconstruct,
    "numpy._core.multiarray._reconstruct": _reconstruct,
    "numpy.ndarray": np.ndarray,
    "numpy.dtype": np.dtype,
    "_codecs.encode": _encode,
}


def load_images(folder, subset, batches, title, directories, n_classes, target):
    """Read the batches of a subset.

    ``directories`` are those of the Python and of the binary version. ``n_classes`` maps each kind
    of labels to its number of classes, in the order of the binary version's label bytes; ``target``
    is the kind to return.
    """
    if subset not in batches:
        raise ValueError(f"subset must be one of {', '.join(map(repr, batches))}; got {subset!r}.")
    files, read = _find_batches(Path(folder), batches[subset], title, directories)
    images, labels = [], []
    for file in files:
        with reading(file, f"a batch of {title} as published at {_CIFAR}; unpack it again."):
            data, batch_labels = read(file, list(n_classes))
            batch_labels = {
                kind: check_class_numbers(batch_labels[kind], n, kind.decode())
                for kind, n in n_classes.items()
            }
            check_same_length({"data": data} | {k.decode(): v for k, v in batch_labels.items()})
        images.append(data)
        labels.append(batch_labels[target])
    # (n_samples, 3072) -> (n_samples, colours, rows, columns)
    return np.concatenate(images).reshape(-1, 3, 32, 32), np.concatenate(labels)


def _find_batches(folder, names, title, directories):
    versions = [
        (directories[0], names, _read_pickle),
        (directories[1], [f"{name}.bin" for name in names], _read_binary),
    ]
    absent = []
    for directory, file_names, read in versions:
        for parent in (folder / directory, folder):
            files = [parent / name for name in file_names]
            missing = [file.name for file in files if not file.is_file()]
            if not missing:
                return files, read
            absent.append((parent, missing))
    parent, missing = min(absent, key=lambda pair: len(pair[1]))
    raise FileNotFoundError(
        f"{title} is not in {folder}, or not all of it: {parent} lacks {', '.join(missing)}. "
        "Expected "
        + " or ".join(f"{', '.join(wanted)} ({directory})" for directory, wanted, _ in versions)
        + f", in the directory of that name or in the folder itself: the Python or the binary "
        f"version of {title} from {_CIFAR}, unpacked."
    )


def _read_pickle(file, kinds):
    with file.open("rb") as stream:
        batch = _ArrayUnpickler(stream, encoding="bytes").load()
    _check_keys(batch, [b"data", *kinds])
    _check_sizes(batch, file)
    data = batch[b"data"]
    if (
        not isinstance(data, np.ndarray)
        or data.dtype != np.uint8
        or data.ndim != 2
        or data.shape[1] != _N_PIXELS
    ):
        raise ValueError(
            f"data is of type {type(data).__name__}, shape {np.shape(data)}, dtype "
            f"{getattr(data, 'dtype', None)}, where uint8 of shape (n, {_N_PIXELS}) belongs."
        )
    return data, batch


def _read_binary(file, kinds):
    width = len(kinds) + _N_PIXELS
    content = np.fromfile(file, np.uint8)
    if not content.size or content.size % width:
        raise ValueError(
            f"It holds {content.size} bytes, where rows of {width} belong ({len(kinds)} for labels,"
            f" {_N_PIXELS} for pixels)."
        )
    rows = content.reshape(-1, width)  # (n_samples, labels and pixels)
    return rows[:, len(kinds) :], {kind: rows[:, i] for i, kind in enumerate(kinds)}


class _ArrayUnpickler(pickle.Unpickler):
    """Unpickles arrays and plain containers, and refuses whatever else a file asks for."""

    def find_class(self, module, name):
        try:
            return _ARRAY_GLOBALS[f"{module}.{name}"]
        except KeyError:
            raise pickle.UnpicklingError(
                f"It asks for {module}.{name}, which has no place in a batch of images and could "
                "run code; it was refused."
            ) from None


def load_human_labels(folder, name, keys):
    """Read labels; ``keys`` maps our names to the file's, with the number of classes."""
    file = Path(folder) / name
    expected = f"{name} from {_CIFAR_N}: a dict of integer arrays, saved with torch.save."
    if not file.is_file():
        raise FileNotFoundError(f"There is no file {file}. Expected {expected}")
    import torch

    allowed = [(value, key) for key, value in _ARRAY_GLOBALS.items()]
    allowed += [type(np.dtype(code)) for code in np.typecodes["AllInteger"]]
    with reading(file, expected):
        try:
            with torch.serialization.safe_globals(allowed), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of torch: of what it goes on to refuse
                content = torch.load(file, weights_only=True)
        except pickle.UnpicklingError as error:  # whose text advises to load the file unsafely
            raise ValueError(
                "It is cut short, or asks for more than arrays and plain containers, which could "
                "run code and was refused."
            ) from error
        _check_keys(content, [key for key, _ in keys.values()])
        _check_sizes(content, file)
        labels = {
            ours: check_class_numbers(content[key], n_classes, key)
            for ours, (key, n_classes) in keys.items()
        }
        check_same_length({keys[ours][0]: array for ours, array in labels.items()})
    return Bunch(**labels)


def _check_keys(content, keys):
    if not isinstance(content, dict):
        raise ValueError(f"It holds an object of type {type(content).__name__}, not a dict.")
    missing = [key for key in keys if key not in content]
    if missing:
        raise ValueError(f"{missing} missing among the keys {list(content)}.")


def _check_sizes(content, file):
    """Refuse arrays that a file only names the shape of, before they fill the memory."""
    n_bytes = file.stat().st_size
    for key, value in content.items():
        if getattr(value, "nbytes", 0) > n_bytes:
            raise ValueError(
                f"{key} has shape {value.shape}, more than the {n_bytes} bytes of the file hold."
            )
