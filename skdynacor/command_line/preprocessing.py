"""The pipeline that finds label errors in a file."""

from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from skrub import MinHashEncoder, TableVectorizer

from .. import LabelErrorDetector
from .words import WordEncoder


def make_preprocessing(columns, text_columns):
    """Make the transformer of a table, with columns of text, to numbers."""
    # MinHash is deterministic, and its output has the same width for any number of categories.
    table = TableVectorizer(high_cardinality=MinHashEncoder())
    if not text_columns:
        return table
    others = [name for name in columns if name not in text_columns]
    parts = [(f"text: {name}", WordEncoder(), name) for name in text_columns]
    return ColumnTransformer([*parts, ("table", table, others)] if others else parts)


def make_pipeline_for(data, *, verbose=0, n_jobs=None, random_state=None):
    """Make the pipeline for ``Data``: preprocessing if it is a table, and the detector."""
    detector = LabelErrorDetector(verbose=verbose, n_jobs=n_jobs, random_state=random_state)
    steps = [("labelerrordetector", detector)]
    if hasattr(data.X, "columns"):
        preprocessing = make_preprocessing(list(data.X.columns), data.text_columns)
        steps.insert(0, ("preprocessing", preprocessing))
    return Pipeline(steps)
