"""Data that are made as large as a benchmark of costs wants them."""

from typing import NamedTuple

import numpy as np

from skdynacor.datasets import make_label_noise

from .data import Setting, load, noises
from .harness import choose


class Synthetic(NamedTuple):
    """Overlapping clusters, whatever the number of features, with a fifth of the labels wrong."""

    rows: int
    features: int
    data = "synthetic"
    noise = "symmetric 0.2"

    def make(self, seed, n_classes=10, empty=np.empty):
        """Return X, given labels and the mask of wrong ones; X is written in parts."""
        rng = np.random.default_rng(seed)
        y_true = rng.integers(0, n_classes, self.rows)
        centers = rng.standard_normal((n_classes, self.features)) * 3.4 / self.features**0.5
        X = empty(shape=(self.rows, self.features), dtype=np.float32)
        for start in range(0, self.rows, 10_000):
            y_part = y_true[start : start + 10_000]
            X_part = rng.standard_normal((len(y_part), self.features), dtype=np.float32)
            X[start : start + 10_000] = X_part + centers.astype(np.float32)[y_part]
        return X, *make_label_noise(y_true, "symmetric", 0.2, random_state=seed)


def first_settings(benchmark, synthetic):
    """List one setting of each data set: the first of its kinds of noise, or of those asked for."""
    with benchmark.refusals():
        for path in benchmark.paths:
            known = [synthetic.noise] if path == synthetic.data else noises(path)
            noise = choose(benchmark.args.noise, known, f"noise of {path}")[0]
            yield synthetic if path == synthetic.data else Setting(path, noise)


def shape_of(setting):
    """Give the number of rows and of features."""
    return load(setting.path).X.shape if isinstance(setting, Setting) else setting[:2]


def refuse_jobs(benchmark):
    """Refuse to measure costs side by side."""
    if benchmark.args.jobs != 1:
        benchmark.parser.error(
            f"--jobs must be 1, since runs side by side slow each other down; "
            f"got {benchmark.args.jobs}."
        )
