"""Drawing without a display, and the figure that most scripts draw."""

import itertools

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot as plt


def pivot(values, table, variant):
    """One row a setting, one column a variant, in the table's order."""
    return values.unstack(variant)[list(dict.fromkeys(table[variant]))]


def dots(table, variant, title, score="F1", label="F1 of the flags, %"):
    """Draw the mean score of every variant, a row of dots for every setting."""
    means = table.groupby(["data", "noise", variant], sort=False)[score].mean()
    means = pivot(means, table, variant)
    height = 1.2 + max(0.4 * means.shape[0], 0.2 * means.shape[1])  # of rows, of the legend
    figure, axes = plt.subplots(figsize=(9, height))
    shifts = np.linspace(-0.25, 0.25, means.shape[1])  # equal scores stay apart
    for name, marker, shift in zip(means, itertools.cycle("osDv^PX"), shifts, strict=False):
        axes.plot(means[name], np.arange(len(means)) + shift, marker, ms=5, label=name)
    axes.set_yticks(range(len(means)), [f"{data}, {noise}" for data, noise in means.index])
    axes.invert_yaxis()
    axes.grid(axis="y", alpha=0.3)
    axes.set(xlabel=label, title=title)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    figure.tight_layout()
    return figure
