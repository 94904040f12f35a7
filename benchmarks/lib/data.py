"""The data sets of the benchmarks, and the label errors to be found in them."""

from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine, make_moons
from sklearn.impute import SimpleImputer
from sklearn.utils import Bunch

from skdynacor.datasets import load_npz, make_label_noise

from . import cifar
from .package_tables import TABLES, load_table

#: Data that need no file; scikit-learn bundles or makes them.
BUNDLED = {
    "digits": partial(load_digits, return_X_y=True),
    "breast_cancer": partial(load_breast_cancer, return_X_y=True),
    "wine": partial(load_wine, return_X_y=True),
    "iris": partial(load_iris, return_X_y=True),
    "digits300": lambda: (part[:300] for part in load_digits(return_X_y=True)),
    "moons": partial(make_moons, 200, noise=0.25, random_state=0),
}
#: Images and the labels that people gave them, from a folder named as in ``cifar10=FOLDER``.
IMAGES = tuple(cifar.IMAGES)

#: Labels that are all right.
RIGHT = "symmetric 0"
ADDED_NOISE = (("symmetric", 0.6), ("symmetric", 0.1), ("asymmetric", 0.3), ("instance", 0.4))
#: Where these rates would leave fewer right labels than wrong ones in some class.
ADDED_NOISE_FEW_CLASSES = (
    *(("symmetric", 0.3), ("symmetric", 0.1), ("asymmetric", 0.3), ("instance", 0.3)),
)


class Setting(NamedTuple):
    """A data set with one kind of label noise."""

    path: str  # of an .npz file, a bundled data set's name, or images=FOLDER
    noise: str

    @property
    def data(self):
        name, is_images, _ = self.path.partition("=")
        return name if is_images else Path(self.path).stem

    def make(self, seed):
        """Return X, given labels and the mask of wrong ones."""
        data = load(self.path)
        kind, _, rest = self.noise.partition(" ")
        if kind == "human":
            y = data.given[rest]
            return data.X, y, y != data.y_true
        features = data.X.reshape(len(data.X), -1)
        if kind == "instance":
            features = fill_gaps(features)
        noisy = make_label_noise(data.y_true, kind, float(rest), features, random_state=seed)
        return data.X, *noisy


@lru_cache(maxsize=1)
def load(path):
    """Load a bundled data set, a table of a package, an ``.npz`` file, or labelled images."""
    if path in BUNDLED:
        X, y_true = BUNDLED[path]()
        return Bunch(X=X.astype(np.float32), y_true=y_true, given={})
    if path in TABLES:
        return load_table(path)
    name, is_images, folder = path.partition("=")
    if not is_images:
        return load_npz(path)
    X, y_true = cifar.load_images(name, folder)
    return Bunch(X=X, y_true=y_true, given=cifar.load_human_labels(name, folder))


def fill_gaps(X):
    """Replace missing values by medians, and add columns that say where they were."""
    if not np.isnan(X).any():
        return X
    return SimpleImputer(strategy="median", add_indicator=True).fit_transform(X)


def noises(path):
    """Name the noise settings of a data set: its human errors, or those that are added."""
    data = load(path)
    if data.given:
        return [f"human {name}".strip() for name in data.given]
    few = len(np.unique(data.y_true)) < 4
    added = ADDED_NOISE_FEW_CLASSES if few else ADDED_NOISE
    return [f"{kind} {rate}" for kind, rate in added]


def noises_and_right(path):
    """Name the same, after labels that are all right."""
    return [RIGHT, *noises(path)]


def find_data(names, known=BUNDLED):
    """List the data sets that names stand for: known ones, files, and folders of files.

    Raises
    ------
    ValueError
        If a name is none of these.
    FileNotFoundError
        If there is no such file, or a folder holds none.
    """
    expected = "a file with the arrays X, y_true and, for human errors, y_given or y_given_<name>"
    found = []
    for name in names:
        path = Path(name)
        if name in known:
            found.append(name)
        elif path.is_dir():
            files = sorted(path.glob("*.npz"))
            if not files:
                raise FileNotFoundError(f"No .npz file in the folder {path}; expected {expected}.")
            found += map(str, files)
        elif name.partition("=")[0] in IMAGES and "=" in name:
            found.append(name)
            load(name)
        elif path.is_file() or path.suffix == ".npz":
            found.append(str(path))
            load(str(path))  # says what is wrong with it before the first hour is spent
        else:
            raise ValueError(
                f"Unknown data {name!r}; known are {', '.join(known)}, a .npz file ({expected}), "
                f"a folder of such files, and {', '.join(f'{name}=FOLDER' for name in IMAGES)}."
            )
    names = [Setting(path, "").data for path in found]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise ValueError(
            f"Several data sets are named {', '.join(twice)}; results are told apart by name, so "
            "give each a name of its own."
        )
    return found
