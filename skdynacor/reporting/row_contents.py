"""Texts and images of rows, for a page."""

import base64
import io

import numpy as np

from ..displays._image_arrays import find_images, has_image_shape, to_displayable
from ..utils.optional import import_optional
from .row_features import show_value

_LONGEST = 2_000  # characters of a text
_THUMBNAIL = 96  # pixels of the longer side


def find_contents(X, n_rows, texts=None, images=None, columns=None):
    """Make functions that show a row as "text", "image" or "columns".

    Also find whether to show features. X holds texts if it has one dimension, images if it has
    three or four, else features. Features without names are not shown beside a text or an image.
    """
    shape = X.shape if hasattr(X, "shape") else (n_rows, *np.shape(X[0]))
    if texts is None and len(shape) == 1:
        texts = X
    if images is None and has_image_shape(shape):
        images = X
    contents = {}
    if texts is not None:
        if len(texts) != n_rows:
            raise ValueError(f"texts must be one for each of the {n_rows} rows; got {len(texts)}.")
        texts = texts.iloc if hasattr(texts, "iloc") else texts
        contents["text"] = lambda row: _cut(str(texts[row]))
    if images is not None:
        images = find_images(images, n_rows)
        contents["image"] = lambda row: _encode_thumbnail(images[[row]])
    has_features = len(shape) == 2 and (not contents or hasattr(X, "columns"))
    if columns is not None:
        if len(columns) != n_rows:
            raise ValueError(f"columns must have {n_rows} rows, as X has; got {len(columns)}.")
        contents["columns"] = lambda row: [show_value(value) for value in columns.iloc[row]]
    return contents, has_features


def _cut(text):
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _encode_thumbnail(images):
    """Give the thumbnail of an image, (1, h, w) and so on, as a data URI."""
    pillow = import_optional("PIL.Image", "report", "A report with images")
    image = pillow.fromarray(np.round(255 * to_displayable(images)[0]).astype(np.uint8))
    image.thumbnail((_THUMBNAIL, _THUMBNAIL))
    # A photograph is smaller as JPEG, which has no transparency.
    forms = ["png"] if image.mode == "RGBA" else ["png", "jpeg"]
    return min((_encode(image, form) for form in forms), key=len)


def _encode(image, form):
    buffer = io.BytesIO()
    image.save(buffer, form)
    return f"data:image/{form};base64,{base64.b64encode(buffer.getvalue()).decode()}"
