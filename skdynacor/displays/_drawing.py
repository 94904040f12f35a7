"""Axes, colours and matrices of the displays."""

import numpy as np
from scipy.stats import beta
from sklearn.metrics import ConfusionMatrixDisplay

from ..utils.labels import label_names
from ..utils.optional import import_optional

# Colours safe for colour-blind readers, by Okabe and Ito: https://jfly.uni-koeln.de/color/
RIGHT, WRONG, INJECTED, GRAY = "#0072B2", "#D55E00", "#009E73", "#666666"
_LIGHT_GRAY = "#D9D9D9"
_MAX_WRITTEN = 15  # classes; with more, cells are too small for numbers
_CHARACTER = 0.65  # width of a character, as a share of the font's size


def import_pyplot(display):
    """Import pyplot, for new figures."""
    return import_optional("matplotlib.pyplot", "report", f"{type(display).__name__}.plot")


def make_axes(ax, display, figsize=None):
    """Return ``ax``, or the axes of a new figure where it is None."""
    if ax is not None:
        return ax
    return import_pyplot(display).subplots(figsize=figsize, layout="constrained")[1]


def shorten(name, n_characters):
    """Shorten a long name in its middle, since names often differ at the end."""
    name = "".join(c if c.isprintable() else " " for c in str(name))
    if len(name) <= n_characters:
        return name
    n_last = (n_characters - 1) // 2
    return f"{name[: n_characters - 1 - n_last]}…{name[-n_last:]}"


def share_interval(n_hits, n_rows):
    """Give the ends of the 95 % interval of each share, by Jeffreys' prior."""
    low, high = beta.ppf([[0.025], [0.975]], n_hits + 0.5, n_rows - n_hits + 0.5)
    return np.where(n_hits == 0, 0, low), np.where(n_hits == n_rows, 1, high)


def draw_matrix(display, values, classes, ax, *, write, vmax, gamma=1, cmap, colorbar, labels):
    """Draw a matrix (n_classes, n_classes), masked cells gray, with the names that fit."""
    from matplotlib.colors import PowerNorm
    from matplotlib.ticker import MaxNLocator

    n_classes = len(values)
    classes = np.arange(n_classes) if classes is None else np.asarray(classes)
    names = [shorten(name, 22) for name in label_names(classes)]
    longest = max(map(len, names))
    side = min(3.8 + 0.16 * n_classes, 10) + 0.05 * longest
    ax = make_axes(ax, display, figsize=(side + colorbar, side))
    numbers, masked = np.ma.getdata(values), np.ma.getmaskarray(values)
    matrix = ConfusionMatrixDisplay(numbers, display_labels=names).plot(
        include_values=n_classes <= _MAX_WRITTEN,
        cmap=cmap,
        im_kw={"norm": PowerNorm(gamma, 0, vmax)},
        colorbar=False,
        ax=ax,
    )
    im, text = matrix.im_, matrix.text_
    im.set(data=values, cmap=im.get_cmap().with_extremes(bad=_LIGHT_GRAY))
    pitch = min(ax.get_window_extent().size) * 72 / ax.figure.dpi / n_classes  # in points
    if text is not None:
        written = [write(number) for number in numbers.flat]
        size = np.clip(0.85 * pitch / _CHARACTER / max(map(len, written)), 5, 10)
        bright = im.cmap(im.norm(numbers))[..., :3] @ [0.2126, 0.7152, 0.0722] > 0.5
        colors = np.where(masked, GRAY, np.where(bright, "black", "white"))
        for cell, number, color in zip(text.flat, written, colors.flat, strict=True):
            cell.set(text=number, fontsize=size, color=color)
    size = np.clip(0.85 * pitch, 5, 10)
    step = int(np.ceil(1.15 * size / pitch))
    ticks, upright = range(0, n_classes, step), _CHARACTER * size * longest < 0.9 * pitch * step
    ax.set_xticks(ticks, names[::step], rotation=0 if upright else 90, fontsize=size)
    ax.set_yticks(ticks, names[::step], fontsize=size)
    ax.set(ylabel=labels[0], xlabel=labels[1])
    if colorbar:
        ticks = MaxNLocator("auto", integer=True, min_n_ticks=1)
        ax.figure.colorbar(im, ax=ax, label=labels[2], shrink=0.8, ticks=ticks)
    display.ax_, display.figure_, display.im_, display.text_ = ax, ax.figure, im, text
    return display
