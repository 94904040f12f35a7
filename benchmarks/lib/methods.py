"""The package's two methods."""

from sklearn.pipeline import Pipeline

from skdynacor import LabelErrorDetector, make_dynacor_pipeline

from .data import fill_gaps

METHODS = {"default": LabelErrorDetector, "paper": make_dynacor_pipeline}


def fit(method, X, y, **params):
    """Fit a method; return its detector. Nets take no missing values."""
    X = X if method == "default" else fill_gaps(X)
    model = METHODS[method](**params).fit(X, y)
    return model[-1] if isinstance(model, Pipeline) else model
