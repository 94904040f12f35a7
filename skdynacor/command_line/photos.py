"""Find and read photos."""

import os
import warnings
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageOps, UnidentifiedImageError

from .bad_input import BadInput, listed
from .embeddings import key_of
from .tables import Table

#: More pixels than encoders look at.
_LONGEST_SIDE = 512
#: Columns of the table of a folder.
PATH_OF_PHOTOS, LABEL_OF_PHOTOS = "path", "class"
_THUMBNAIL = 96
_HIDDEN = ("thumbs.db", "desktop.ini")
_ERRORS = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)


def read_folder(folder):
    """List the files of a folder with one folder per class: a table of ``path`` and ``class``."""
    notices, paths = [], []
    seen = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        if (real := os.path.realpath(place)) in seen:  # links may lead back
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        relative = Path(place).relative_to(folder)
        paths += [str(relative / name) for name in sorted(files) if not _is_hidden(name)]
    inside = [path for path in paths if len(Path(path).parts) > 1]
    classes = sorted({Path(path).parts[0] for path in inside})
    if len(classes) < 2:
        raise BadInput(
            f"{folder} has files in {len(classes)} folders{_colon(classes)}; expected a folder of "
            "photos for each class, such as cat and dog, or a table with --image."
        )
    if len(paths) > len(inside):
        outside = [path for path in paths if len(Path(path).parts) == 1]
        notices.append(f"Left out {len(outside):,} files outside the folders: {listed(outside)}.")
    notices.append(f"Took the folders for classes: {listed(classes)}.")
    nested = sorted({str(Path(path).parent) for path in inside if len(Path(path).parts) > 2})
    if nested:
        notices.append(f"Photos in folders within them count for the outer one: {listed(nested)}.")
    labels = [Path(path).parts[0] for path in inside]
    frame = pd.DataFrame({PATH_OF_PHOTOS: inside, LABEL_OF_PHOTOS: labels})
    return Table(frame, notices)


def read_photo(path):
    """Read a photo as an RGB image of at most 512 pixels a side; of an animation the first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of unusual metadata, and of many pixels
        with Image.open(path) as image:
            image.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
            photo = _to_rgb(ImageOps.exif_transpose(image))
    photo.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    return photo


def try_photo(path):
    """Read a photo; give it, and None or the reason why it cannot be read."""
    try:
        return read_photo(path), None
    except UnidentifiedImageError:
        return None, "no photo of a known format"
    except _ERRORS as error:
        return None, getattr(error, "strerror", None) or str(error).rstrip(".")


def key_of_photo(path):
    """Give the key of a file's content, None if it cannot be read."""
    try:
        state = path.stat()
        return _key_of_file(path, state.st_size, state.st_mtime_ns)
    except (OSError, ValueError):
        return None


def read_thumbnails(paths):
    """Read photos as an array, (n_photos, 96, 96, 3), uint8; white where one cannot be read."""
    thumbnails = np.full((len(paths), _THUMBNAIL, _THUMBNAIL, 3), 255, dtype=np.uint8)
    for thumbnail, path in zip(thumbnails, paths, strict=True):
        photo, _ = try_photo(path)
        if photo is not None:
            thumbnail[:] = ImageOps.pad(photo, (_THUMBNAIL, _THUMBNAIL), color="white")
    return thumbnails


def _is_hidden(name):
    return name.startswith(".") or name.lower() in _HIDDEN


def _colon(names):
    return f": {listed(names)}" if names else ""


@lru_cache(None)
def _key_of_file(path, size, mtime):
    """``size`` and ``mtime`` tell when a file has changed."""
    with path.open("rb") as file:
        return key_of(file)


def _to_rgb(image):
    if image.mode == "F" or image.mode.startswith("I"):
        return Image.fromarray(_to_bytes(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return image.convert("RGB")


def _to_bytes(pixels):
    """Bring 16 bits, or floats of any range, to 8 bits."""
    if pixels.dtype.kind == "f":
        low, high = np.nanmin(pixels), np.nanmax(pixels)
        return np.nan_to_num(255 * (pixels - low) / max(high - low, 1e-9)).astype(np.uint8)
    return (np.clip(pixels, 0, 65535) // 256).astype(np.uint8)
