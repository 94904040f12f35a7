"""The program that does what the command does."""

from .preprocessing import N_WORDS

_VECTORIZER = "TableVectorizer(high_cardinality=MinHashEncoder())"


def write_program(data, *, n_jobs=None, random_state=None):
    """Write the program that reads a file and finds the wrong labels in it.

    It builds the pipeline of ``make_pipeline_for``.

    Parameters
    ----------
    data : Data
    n_jobs : int or None, default=None
    random_state : int or None, default=None

    Returns
    -------
    program : str
        Python, whose last statement gives ``flags``.
    """
    parameters = {"n_jobs": n_jobs, "random_state": random_state}
    shown = ", ".join(f"{name}={value}" for name, value in parameters.items() if value is not None)
    steps = f"make_dynacor_pipeline({shown})"
    if not hasattr(data.X, "columns"):
        imports, preprocessing = ["import numpy as np"], []
    else:
        imports, preprocessing = _write_preprocessing(list(data.X.columns), data.texts)
        steps = f'Pipeline([("preprocessing", preprocessing), *{steps}.steps])'
    lines = [
        *(*imports, "", "from skdynacor import make_dynacor_pipeline", ""),
        *(*data.code, ""),
        *(*preprocessing, f"pipeline = {steps}"),
        "flags = pipeline.fit_predict(X, y)  # True: this label looks wrong",
    ]
    return "\n".join(lines) + "\n"


def _write_preprocessing(columns, texts):
    """Give the imports and the statements that make what ``make_preprocessing`` makes."""
    of_sklearn, of_skrub = ["from sklearn.pipeline import Pipeline"], []
    others = [name for name in columns if name not in texts]
    if others:
        of_skrub = ["from skrub import MinHashEncoder, TableVectorizer"]
    if not texts:
        statements = [f"preprocessing = {_VECTORIZER}"]
    else:
        of_sklearn = [
            "from sklearn.compose import ColumnTransformer",
            "from sklearn.feature_extraction.text import TfidfVectorizer",
            *of_sklearn,
        ]
        words = f"TfidfVectorizer(max_features={N_WORDS})"
        parts = [f"({f'text: {name}'!r}, {words}, {name!r})" for name in texts]
        if others:
            of_sklearn[2:] = [
                "from sklearn.impute import SimpleImputer",
                "from sklearn.pipeline import Pipeline, make_pipeline",
            ]
            parts.append(f"('table', make_pipeline({_VECTORIZER}, SimpleImputer()), {others!r})")
        statements = [
            *("preprocessing = ColumnTransformer(", "    ["),
            *(f"        {part}," for part in parts),
            *("    ],", "    sparse_threshold=1.0,", ")"),
        ]
    return ["import pandas as pd", *of_sklearn, *of_skrub], statements
