"""Plots as SVG in the colours of the page."""

import html
import io
import re
import warnings

import numpy as np
from sklearn.metrics import confusion_matrix

from ..displays import (
    DataMapDisplay,
    LabelMatrixDisplay,
    NoiseProbabilityDisplay,
    TrajectoryDisplay,
    TransitionDisplay,
)
from ..utils.optional import import_optional

_INK = "#010203"  # a placeholder for the page's colour of text
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "skdynacor",
    "text.parse_math": False,  # a label may hold dollars
    "font.size": 10,
    "legend.frameon": False,
    "savefig.transparent": True,
    **dict.fromkeys(
        ["text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"], _INK
    ),
}
_MOST_CLASSES = 15  # of a matrix whose cells can be read
_WIDE = 5.5  # inches beyond which a plot has a line to itself
_NO_METADATA = dict.fromkeys(["Date", "Creator", "Format", "Type"])


def draw_figures(findings):
    """Draw the plots for which there are results: HTML with a ``<figure>`` for each."""
    matplotlib = import_optional("matplotlib", "report", "A report")
    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        # The browser has its own fonts for texts.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        drawn = [
            _draw(f"plot-{number}", title, caption, plot, size)
            for number, (title, caption, plot, size) in enumerate(_plots(findings))
        ]
    return "\n".join(drawn)


def _plots(findings):
    """Give title, caption, a function that draws on axes, and the size, of each plot."""
    more = len(findings.classes) > _MOST_CLASSES
    stage, side = findings.stage_name, 4.2 + 0.06 * min(len(findings.classes), _MOST_CLASSES)
    small, matrix = (4.6, 3.3), (side, 0.85 * side)
    if findings.dynamics is not None:
        yield (
            "How labels are learnt",
            f"Rows by group, over the {stage}s of the training. If the flags are right, the lines "
            "of flagged rows and of injected label errors are similar.",
            lambda ax: TrajectoryDisplay.from_predictions(
                findings.dynamics,
                findings.flags,
                injected=findings.copies_dynamics,
                kind="share" if findings.agreement else "signal",
                stage_name=stage,
                ax=ax,
            ),
            small,
        )
    if findings.noise_probability is not None:
        yield (
            "Noise probability",
            "Rows by the probability that their label is wrong, on a logarithmic scale. Those in "
            "the middle are most worth a review.",
            lambda ax: NoiseProbabilityDisplay(findings.noise_probability).plot(ax),
            small,
        )
    if findings.dynamics is not None:
        yield (
            "Map of the rows",
            "Rows by mean and standard deviation of their trajectories. Those at the top are "
            "predicted as labelled throughout the training, those at the bottom never.",
            lambda ax: DataMapDisplay.from_predictions(
                findings.dynamics, findings.flags, stage_name=stage, ax=ax
            ),
            small,
        )
    if findings.transition_matrix is not None:
        shown = _most_confused(findings.transition_matrix)
        yield (
            "Noise transition matrix",
            "The estimated share of each class that is labelled as each other"
            + (f", of the {_MOST_CLASSES} classes with most errors." if more else "."),
            lambda ax: TransitionDisplay(
                findings.transition_matrix[np.ix_(shown, shown)], classes=findings.classes[shown]
            ).plot(ax),
            matrix,
        )
    elif findings.suggested_labels is not None:
        counts = confusion_matrix(findings.labels, findings.suggested_labels)
        shown = _most_confused(counts)
        yield (
            "Suggested labels",
            "Flagged rows by given and suggested label"
            + (f", of the {_MOST_CLASSES} classes with most of them." if more else "."),
            lambda ax: LabelMatrixDisplay(
                counts[np.ix_(shown, shown)], classes=findings.classes[shown]
            ).plot(ax),
            matrix,
        )


def _most_confused(matrix):
    """Give the classes with the largest entries off the diagonal, in their order."""
    off_diagonal = matrix - np.diag(np.diag(matrix))
    most = off_diagonal.sum(axis=0) + off_diagonal.sum(axis=1)
    return np.sort(np.argsort(-most, kind="stable")[:_MOST_CLASSES])


def _draw(name, title, caption, plot, size):
    figures = import_optional("matplotlib.figure", "report", "A report")
    figure = figures.Figure(figsize=size, dpi=110, layout="constrained")
    plot(figure.add_subplot())
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata=_NO_METADATA)
    wide = ' class="wide"' if size[0] > _WIDE else ""
    return (
        f'<figure{wide}><h3 id="{name}">{html.escape(title)}</h3>\n'
        f"{to_inline(buffer.getvalue(), name)}"
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )


def to_inline(svg, name):
    """Turn an SVG file into an element for a page with other plots, in the page's colours."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    head, rest = svg.split(">", 1)
    head = re.sub(r'\s(xmlns[:\w]*|width|height|version)="[^"]*"', "", head)
    rest = re.sub("<[^>]*>", lambda tag: _adapt(tag[0], name), rest)
    return f'{head} role="img" aria-labelledby="{name}">{rest}'


def _adapt(tag, name):
    """Adapt identifiers and colours in a tag; text between tags, such as labels, is kept."""
    tag = re.sub(r'(?<=\sid=")|(?<=href="#)|(?<=url\(#)', f"{name}-", tag)
    tag = tag.replace("xlink:href", "href")
    return re.sub(rf"{_INK}|(?<=stroke: )#000000", "currentColor", tag)
