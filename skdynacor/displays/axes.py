"""What the displays share that draw on axes."""

from ..groundwork.optional import import_optional


def make_axes(ax, display, figsize=None):
    """Return ``ax``, or the axes of a new figure where it is None.

    Parameters
    ----------
    ax : matplotlib Axes or None
    display : object
        Who draws, as an error is to name it.
    figsize : tuple of float, default=None
        Width and height of a new figure, in inches; None leaves it to matplotlib.

    Returns
    -------
    ax : matplotlib Axes
    """
    if ax is not None:
        return check_axes(ax)
    return import_pyplot(display).subplots(figsize=figsize, layout="constrained")[1]


def check_axes(ax):
    """Return axes as they are.

    Raises
    ------
    TypeError
        If it is something else.
    """
    if not hasattr(ax, "figure"):
        raise TypeError(f"Pass matplotlib Axes, or None for those of a new figure; got {ax!r}.")
    return ax


def import_pyplot(display):
    """Import pyplot, which only new figures need."""
    return import_optional("matplotlib.pyplot", "report", f"{type(display).__name__}.plot")


def open_frame(ax):
    """Leave the frame open at the top and at the right."""
    ax.spines[["top", "right"]].set_visible(False)


def size_in_points(ax):
    """Give the width and height of axes in points, as 72 to an inch and as fonts are measured."""
    width, height = ax.figure.get_size_inches()
    box = ax.get_position()
    return 72 * width * box.width, 72 * height * box.height


def shorten(name, n_characters):
    """Write a name of whatever type, and cut its middle out where it is longer than asked.

    Names that differ often do so at their ends. Of what cannot be seen, as the end of a line, a
    space is left.

    Examples
    --------
    >>> from skdynacor.displays.axes import shorten
    >>> shorten("card_payment_wrong_exchange_rate", 16)
    'card_pay…ge_rate'
    """
    name = "".join(c if c.isprintable() else " " for c in str(name))
    if len(name) <= n_characters:
        return name
    n_last = (n_characters - 1) // 2
    return f"{name[: n_characters - 1 - n_last]}…{name[len(name) - n_last :]}"
