"""Columns of text by their words."""

from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from .bad_input import BadInput

#: Characters of scripts without blanks between words: Thai, Lao, Japanese and Chinese.
UNSPACED = r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]"
#: Less frequent words add little, and take memory.
_N_WORDS = 20_000
_N_COMPONENTS = 100


class WordEncoder(TransformerMixin, BaseEstimator):
    """TF-IDF of words, reduced to at most 100 columns by a truncated SVD."""

    def fit(self, X, y=None):
        """Count the words of texts, (n_samples,); return self."""
        self.fit_transform(X)
        return self

    def fit_transform(self, X, y=None):
        """Count the words of texts, (n_samples,), and give (n_samples, n_components)."""
        self._tfidf = TfidfVectorizer(token_pattern=rf"{UNSPACED}|\w\w+", max_features=_N_WORDS)
        try:
            words = self._tfidf.fit_transform(X)
        except ValueError as error:
            raise BadInput(
                f"The column {X.name!r} has no words of two or more letters; leave it out, or "
                "pass --encoder."
            ) from error
        self._svd = TruncatedSVD(min(_N_COMPONENTS, words.shape[1]), random_state=0)
        return self._svd.fit_transform(words)

    def transform(self, X):
        """Give (n_samples, n_components) of texts, (n_samples,)."""
        return self._svd.transform(self._tfidf.transform(X))
