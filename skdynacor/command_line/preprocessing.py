"""The pipeline that finds label errors in a file."""

from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from skrub import MinHashEncoder, TableVectorizer

from .. import LabelErrorDetector
from .encoders import PhotoEncoder, TextEncoder
from .words import WordEncoder


def make_preprocessing(data, *, verbose=0):
    """Make the transformer of a table, with columns of texts and photos, to numbers."""
    # MinHash is deterministic, and its output has the same width for any number of categories.
    table = TableVectorizer(high_cardinality=MinHashEncoder())
    # One encoder is for photos, where there are any.
    by_words = data.encoder is None or data.image_column is not None
    of_texts = WordEncoder() if by_words else TextEncoder(data.encoder, verbose)
    parts = [(f"text: {name}", of_texts, name) for name in data.text_columns]
    if data.image_column is not None:
        of_photos = PhotoEncoder(data.encoder, data.folder)
        parts.append((f"image: {data.image_column}", of_photos, data.image_column))
    taken = {*data.text_columns, data.image_column}
    others = [name for name in data.X.columns if name not in taken]
    if not parts:
        return table
    return ColumnTransformer([*parts, ("table", table, others)] if others else parts)


def make_pipeline_for(data, **params):
    """Make the pipeline for ``Data``: preprocessing if it is a table, and the detector."""
    detector = LabelErrorDetector(**params)
    verbose = params.get("verbose", 0)
    steps = [("labelerrordetector", detector)]
    if hasattr(data.X, "columns"):
        steps.insert(0, ("preprocessing", make_preprocessing(data, verbose=verbose)))
    return Pipeline(steps)
