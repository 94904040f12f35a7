"""Pretrained encoders of columns of texts and of photos."""

from pathlib import Path

from sklearn.base import BaseEstimator, TransformerMixin

from .bad_input import BadInput
from .embeddings import embed, key_of
from .photos import key_of_photo, try_photo

_MOST_NAMED = 20


class TextEncoder(TransformerMixin, BaseEstimator):
    """Embeddings of texts; ``encoder`` is a name or a folder of sentence-transformers."""

    def __init__(self, encoder, verbose=0):
        self.encoder = encoder
        self.verbose = verbose

    def fit(self, X, y=None):
        """Do nothing: the encoder is pretrained; return self."""
        return self

    def transform(self, X):
        """Give the embeddings, (n_samples, n_dims), of texts, (n_samples,)."""
        keys = [key_of(text.encode(errors="surrogatepass")) for text in X]
        texts = dict(zip(keys, X, strict=True))
        return embed(keys, texts.get, self.encoder, "text", verbose=self.verbose)

    def __sklearn_is_fitted__(self):
        return True


class PhotoEncoder(TransformerMixin, BaseEstimator):
    """Embeddings of photos by their paths, relative to ``folder``; NaN where one cannot be read."""

    def __init__(self, encoder, folder, verbose=0):
        self.encoder = encoder
        self.folder = folder
        self.verbose = verbose

    def fit(self, X, y=None):
        """Do nothing: the encoder is pretrained; return self."""
        return self

    def transform(self, X):
        """Give the embeddings, (n_samples, n_dims), of paths, (n_samples,)."""
        return self.encode(X)[0]

    def encode(self, X):
        """Give the embeddings, and the reasons why photos cannot be read, by path."""
        paths = [Path(self.folder, path) for path in X]
        keys = [key_of_photo(path) for path in paths]
        by_key = dict(zip(keys, paths, strict=True))
        reasons = {}

        def load(key):
            photo, reason = (None, "no such file") if key is None else try_photo(by_key[key])
            if photo is None:
                reasons[key] = reason
            return photo

        embeddings = embed(keys, load, self.encoder, "image", verbose=self.verbose)
        unread = {path: reasons[key] for path, key in zip(X, keys, strict=True) if key in reasons}
        return embeddings, unread

    def __sklearn_is_fitted__(self):
        return True


def leave_out_unreadable(paths, encoder):
    """Encode photos, and keep their embeddings; give the mask of those read, and notices.

    ``paths``, (n_rows,), are a column of text; ``encoder`` is a ``PhotoEncoder``.
    """
    _, unread = encoder.encode(paths)
    if not unread:
        return paths.notna().to_numpy(), []
    some = [f"{path!r} ({reason})" for path, reason in list(unread.items())[:_MOST_NAMED]]
    more = f" and {len(unread) - len(some)} more" if len(unread) > len(some) else ""
    is_read = ~paths.isin(unread).to_numpy()
    if not is_read.any():
        raise BadInput(
            f"None of the {len(paths):,} photos can be read, such as {some[0]}; paths are relative "
            f"to the folder {encoder.folder}."
        )
    return is_read, [f"Left out {(~is_read).sum():,} photos: {', '.join(some)}{more}."]
