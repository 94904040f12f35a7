"""Data to try detectors on."""

from ._cifar import load_cifar10, load_cifar10n, load_cifar100, load_cifar100n
from ._label_noise import make_label_noise
from ._npz import load_npz

__all__ = [
    "load_cifar10",
    "load_cifar10n",
    "load_cifar100",
    "load_cifar100n",
    "load_npz",
    "make_label_noise",
]
