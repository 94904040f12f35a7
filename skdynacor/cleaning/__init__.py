"""A classifier that is better because the wrong labels were found first."""

from ._label_cleaning_classifier import LabelCleaningClassifier

__all__ = ["LabelCleaningClassifier"]
