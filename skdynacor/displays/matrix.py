"""Drawing a matrix of classes that stays readable with many of them."""

from typing import NamedTuple

import numpy as np

from .axes import make_axes, shorten, size_in_points
from .palette import GRAY, LIGHT_GRAY

#: With more classes, cells are too small for numbers.
MAX_WRITTEN = 15
_MAX_CHARACTERS = 22
_LARGEST_FONT, _SMALLEST_FONT = 10, 5
#: Of a character, as a share of the font's size.
_WIDTH = 0.65


class MatrixParts(NamedTuple):
    """What was drawn."""

    ax: object
    im: object
    text: np.ndarray | None


def draw_matrix(display, values, classes, ax, *, write, cmap, vmax, gamma=1, colorbar, labels):
    """Draw a matrix whose rows and columns are classes.

    Parameters
    ----------
    display : object
        Who draws, as an error is to name it.
    values : ndarray or masked array of shape (n_classes, n_classes)
        Masked cells are gray.
    classes : ndarray of shape (n_classes,) or None
        The names, None for numbers; written as far as there is room, long ones shortened.
    ax : matplotlib Axes or None
        None makes a new figure, the larger the more classes there are.
    write : callable
        Gives the text in a cell for its value. Beyond 15 classes cells have none.
    cmap : str or matplotlib Colormap
    vmax : float
        The value of the last colour; the first stands for 0.
    gamma : float, default=1
        Colours follow the value to this power.
    colorbar : bool
    labels : tuple of str
        What rows, columns and values are.

    Returns
    -------
    parts : MatrixParts
        ``text`` has shape (n_classes, n_classes), or is None beyond 15 classes.
    """
    n_classes = len(values)
    classes = range(n_classes) if classes is None else classes
    names = [shorten(name, _MAX_CHARACTERS) for name in classes]
    side = min(3.8 + 0.16 * n_classes, 10) + 0.05 * max(map(len, names))
    ax = make_axes(ax, display, figsize=(side + colorbar, side))
    from matplotlib.colors import PowerNorm
    from matplotlib.ticker import AutoLocator

    norm = PowerNorm(gamma, 0, vmax)
    im = ax.imshow(values, cmap=cmap, norm=norm, interpolation="nearest")
    im.set_cmap(im.get_cmap().with_extremes(bad=LIGHT_GRAY))
    pitch = min(size_in_points(ax)) / n_classes
    text = _write_cells(ax, im, values, write, pitch) if n_classes <= MAX_WRITTEN else None
    _name_classes(ax, names, pitch)
    rows, columns, what = labels
    ax.set(ylabel=rows, xlabel=columns)
    if colorbar:
        ticks = AutoLocator()
        ticks.set_params(integer=True, min_n_ticks=1)
        ax.figure.colorbar(im, ax=ax, label=what, shrink=0.8, ticks=ticks)
    return MatrixParts(ax, im, text)


def _write_cells(ax, im, values, write, pitch):
    text = np.empty(values.shape, dtype=object)
    colors = im.cmap(im.norm(np.ma.filled(values, 0)))
    bright = colors[..., :3] @ [0.2126, 0.7152, 0.0722] > 0.5
    hidden = np.ma.getmaskarray(values)
    longest = max(len(write(value)) for value in np.ma.getdata(values).flat)
    size = np.clip(0.85 * pitch / (_WIDTH * max(longest, 1)), _SMALLEST_FONT, _LARGEST_FONT)
    for (row, column), value in np.ndenumerate(np.ma.getdata(values)):
        color = "black" if bright[row, column] else "white"
        text[row, column] = ax.text(
            column,
            row,
            write(value),
            ha="center",
            va="center",
            color=GRAY if hidden[row, column] else color,
            fontsize=size,
        )
    return text


def _name_classes(ax, names, pitch):
    """Name the classes at the ticks: every one, or as many as there is room for."""
    size = np.clip(0.85 * pitch, _SMALLEST_FONT, _LARGEST_FONT)
    step = int(np.ceil(1.15 * size / pitch))
    ticks, names = np.arange(0, len(names), step), names[::step]
    upright = _WIDTH * size * max(map(len, names)) < 0.9 * pitch * step
    ax.set_xticks(ticks, names, rotation=0 if upright else 90, fontsize=size)
    ax.set_yticks(ticks, names, fontsize=size)
