"""From flags to a list that people can read, correct and hand back."""

from .corrections import apply_corrections
from .label_issues import label_issues
from .noise_summary import noise_summary
from .reviews import read_review, write_review

__all__ = ["apply_corrections", "label_issues", "noise_summary", "read_review", "write_review"]
