"""The package's two methods."""

from sklearn.pipeline import Pipeline

from skdynacor import LabelErrorDetector, make_dynacor_pipeline

METHODS = {"default": LabelErrorDetector, "paper": make_dynacor_pipeline}


def fit(method, X, y, **params):
    """Fit a method; return its detector."""
    model = METHODS[method](**params).fit(X, y)
    return model[-1] if isinstance(model, Pipeline) else model
