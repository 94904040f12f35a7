"""List label issues and conflicting labels, review them, and correct y."""

from ._conflicting_labels import conflicting_labels
from ._corrections import apply_corrections, rows_to_drop
from ._label_issues import label_issues
from ._label_studio import read_label_studio, write_label_studio
from ._noise_summary import noise_summary
from ._reviews import read_review, write_review
from ._unusual_rows import unusual_rows

__all__ = [
    "apply_corrections",
    "conflicting_labels",
    "label_issues",
    "noise_summary",
    "read_label_studio",
    "read_review",
    "rows_to_drop",
    "unusual_rows",
    "write_label_studio",
    "write_review",
]
