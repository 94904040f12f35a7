"""Train a classifier on cleaned labels."""

from ._label_cleaning_classifier import LabelCleaningClassifier

__all__ = ["LabelCleaningClassifier"]
