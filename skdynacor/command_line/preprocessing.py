"""The pipeline that finds label errors in a file."""

from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from skrub import MinHashEncoder, TableVectorizer

from .. import LabelErrorDetector

#: Less frequent words add little, and take memory.
N_WORDS = 20_000


def make_preprocessing(columns, text_columns):
    """Make the transformer of a table, with columns of text, to numbers.

    With text the output is sparse; forests then take no missing values, so they are imputed.
    """
    # MinHash is deterministic, and its output has the same width for any number of categories.
    table = TableVectorizer(high_cardinality=MinHashEncoder())
    if not text_columns:
        return table
    others = [name for name in columns if name not in text_columns]
    parts = [
        (f"text: {name}", TfidfVectorizer(max_features=N_WORDS), name) for name in text_columns
    ]
    if others:
        parts.append(("table", make_pipeline(table, SimpleImputer()), others))
    return ColumnTransformer(parts, sparse_threshold=1.0)


def make_pipeline_for(data, **params):
    """Make the pipeline for ``Data``: preprocessing if it is a table, and the detector."""
    detector = LabelErrorDetector(**params)
    steps = [("labelerrordetector", detector)]
    if hasattr(data.X, "columns"):
        preprocessing = make_preprocessing(list(data.X.columns), data.text_columns)
        steps.insert(0, ("preprocessing", preprocessing))
    return Pipeline(steps)
