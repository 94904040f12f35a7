"""From the columns of a table to numbers, and on to flags."""

from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from skrub import MinHashEncoder, TableVectorizer

from ..pipeline import make_dynacor_pipeline

#: Rarer words of a text tell little, and each takes memory.
N_WORDS = 20_000


def make_preprocessing(columns, texts):
    """Make the transformer that turns a table into numbers.

    Missing values stay so, for the forests to deal with. Beside text they are filled in, as forests
    take none in sparse rows.

    Parameters
    ----------
    columns : list of str
    texts : list of str
        Those of the columns that hold text.

    Returns
    -------
    preprocessing : transformer
        Its output is sparse if there are texts.
    """
    # MinHash draws no random numbers, and as many numbers describe names as are set here, however
    # many names there are.
    table = TableVectorizer(high_cardinality=MinHashEncoder())
    if not texts:
        return table
    others = [name for name in columns if name not in texts]
    parts = [(f"text: {name}", TfidfVectorizer(max_features=N_WORDS), name) for name in texts]
    if others:
        parts.append(("table", make_pipeline(table, SimpleImputer()), others))
    return ColumnTransformer(parts, sparse_threshold=1.0)


def make_pipeline_for(data, *, verbose=0, n_jobs=None, random_state=None):
    """Make the pipeline that finds wrong labels in a file.

    Parameters
    ----------
    data : Data
    verbose : int, default=0
        1 shows how far the training is, on stderr.
    n_jobs : int or None, default=None
    random_state : int or None, default=None

    Returns
    -------
    pipeline : Pipeline
        The steps of ``make_dynacor_pipeline``, behind ``preprocessing`` if the data are a table.
    """
    pipeline = make_dynacor_pipeline(n_jobs=n_jobs, random_state=random_state)
    pipeline.set_params(dynamicscollector__verbose=verbose)
    if not hasattr(data.X, "columns"):
        return pipeline
    preprocessing = make_preprocessing(list(data.X.columns), data.texts)
    return Pipeline([("preprocessing", preprocessing), *pipeline.steps])
