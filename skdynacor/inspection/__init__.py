"""List label issues and conflicting labels, review them, and correct y."""

from ._conflicting_labels import conflicting_labels
from ._corrections import apply_corrections, rows_to_drop
from ._label_issues import label_issues
from ._noise_summary import noise_summary
from ._reviews import read_review, write_review

__all__ = [
    "apply_corrections",
    "conflicting_labels",
    "label_issues",
    "noise_summary",
    "read_review",
    "rows_to_drop",
    "write_review",
]
