"""The texts and pictures of rows, as a page can hold them."""

import base64
import io

import numpy as np

from ..displays.image_arrays import find_images, to_displayable
from ..groundwork.optional import import_optional

_LONGEST = 2_000  # characters of a text
_THUMBNAIL = 96  # pixels of the longer side


class RowTexts:
    """The texts of rows, cut where they are very long.

    Parameters
    ----------
    texts : array-like of shape (n_samples,)
    """

    kind = "text"

    def __init__(self, texts):
        self._texts = texts.iloc if hasattr(texts, "iloc") else texts

    def show(self, row):
        """Give the text of a row."""
        text = str(self._texts[row])
        return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


class RowImages:
    """Thumbnails of rows.

    Parameters
    ----------
    images : ndarray of shape (n_samples, h, w), (n_samples, h, w, c) or (n_samples, c, h, w)
        See ``to_displayable``.
    """

    kind = "image"

    def __init__(self, images):
        self._images = images

    def show(self, row):
        """Give the thumbnail of a row, as a data URI."""
        pillow = import_optional("PIL.Image", "report", "A report with images")
        pixels = to_displayable(self._images[row][np.newaxis])[0]
        image = pillow.fromarray(np.round(255 * pixels).astype(np.uint8))
        image.thumbnail((_THUMBNAIL, _THUMBNAIL))
        encodings = [_encode(image, "png")]
        if image.mode != "RGBA":  # a photograph is smaller as JPEG, which knows no transparency
            encodings.append(_encode(image, "jpeg"))
        return min(encodings, key=len)


def _encode(image, form):
    buffer = io.BytesIO()
    image.save(buffer, form)
    return f"data:image/{form};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def find_contents(X, texts, images):
    """Find what rows are to a person who looks at them.

    Parameters
    ----------
    X : data frame, array, sparse array or list of n_samples rows
        As in ``fit``. Of one dimension it holds texts, of three or four images, of two features.
    texts : array-like of shape (n_samples,) or None
    images : array-like of shape (n_samples, ...) or None

    Returns
    -------
    contents : list of RowTexts and RowImages
    has_features : bool
        Whether X holds features that say something: numbers without names say nothing beside a
        text or a picture.

    Raises
    ------
    ValueError
        If there is not one text or image for each row, or images do not have the shape of such.
    """
    n_dimensions = len(X.shape) if hasattr(X, "shape") else np.asarray(X[0]).ndim + 1
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    if texts is None and n_dimensions == 1:
        texts = X
    if images is None and _holds_images(X, n_dimensions):
        images = X
    if texts is not None and np.shape(texts)[:1] != (n_rows,):
        found = len(texts) if hasattr(texts, "__len__") else repr(texts)
        raise ValueError(f"texts must be one for each of the {n_rows} rows of X; got {found}.")
    if images is not None:
        images = find_images(images, n_rows)
    contents = [] if images is None else [RowImages(images)]
    contents += [] if texts is None else [RowTexts(texts)]
    return contents, n_dimensions == 2 and (not contents or hasattr(X, "columns"))


def _holds_images(X, n_dimensions):
    """Tell whether rows have the shape of images; other nets take rows of other shapes."""
    return n_dimensions == 3 or (n_dimensions == 4 and not {1, 3, 4}.isdisjoint(X.shape[1::2]))
