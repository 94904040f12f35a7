"""Read the features and the given labels of a file."""

import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from .bad_input import BadInput, listed, no_such_name
from .cells import read_cells
from .columns import LARGEST, choose_columns
from .encoders import PhotoEncoder, leave_out_unreadable
from .labels import as_texts, read_labels
from .options import as_list
from .photos import (
    LABEL_OF_PHOTOS,
    PATH_OF_PHOTOS,
    key_of_photo,
    read_folder,
    read_thumbnails,
)
from .tables import read_table, suffix_of


@dataclass
class Data:
    """Features and labels of the rows of a file that have a label."""

    X: pd.DataFrame | np.ndarray  # (n_samples, n_features)
    y: pd.Series  # (n_samples,); its index, as that of X, names the rows in outputs
    label: str  # name of the column or array of labels
    positions: np.ndarray  # (n_samples,), of the rows in the file
    groups: np.ndarray | None = None  # (n_samples,)
    columns: pd.DataFrame | None = None  # all but labels and names, as the file has them
    text_columns: list = field(default_factory=list)  # columns of X that hold text
    notices: list = field(default_factory=list)  # messages for the user
    image_column: str | None = None  # column of X that holds paths of photos
    folder: Path | None = None  # that these paths are relative to
    encoder: str | None = None  # of the photos, else of the texts
    id: str | None = None  # column that names the rows

    def rows(self):
        """Give the features, with the content of photos in place of their paths."""
        if self.image_column is None:
            return self.X
        keys = [key_of_photo(path) for path in self._paths()]
        return self.X.assign(**{self.image_column: keys})

    def thumbnails(self):
        """Give small copies of the photos, (n_samples, height, width, 3); None without photos."""
        return None if self.image_column is None else read_thumbnails(self._paths())

    def _paths(self):
        return [self.folder / path for path in self.X[self.image_column]]


def read_data(path, roles, file_format, encoder=None, *, verbose=0):
    """Read a table, a folder of photos, or the arrays of a ``.npz`` file.

    The arrays are "X" and "y_given" unless named.
    """
    with _refusing_files(path):
        if path.is_dir():
            roles = _find_roles(path, roles)
            table, folder = read_folder(path), path
        elif suffix_of(path) == ".npz":
            if encoder is not None:
                raise BadInput("For a .npz file there is no --encoder.")
            return _read_arrays(path, roles)
        else:
            table, folder = read_table(path, file_format), path.parent
    data = _data_of_table(table, roles, file_format, folder, encoder)
    return data if data.image_column is None else _encode_photos(data, verbose)


@contextmanager
def _refusing_files(path):
    try:
        yield
    except FileNotFoundError as error:
        raise BadInput(f"There is no file {path}.") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error


def read_labels_of_file(path, label, file_format):
    """Read the cells of the column of labels, a Series by its name; of every column if None."""
    with _refusing_files(path):
        if path.is_dir():
            return {LABEL_OF_PHOTOS: read_folder(path).frame[LABEL_OF_PHOTOS]}
        if suffix_of(path) == ".npz":
            name = label or "y_given"
            return {name: pd.Series(_load(path, {"--label": name})[0])}
        frame = read_table(path, file_format).frame
    if label is None:
        return {name: frame[name] for name in frame}
    if label not in frame:
        raise no_such_name(label, list(frame), "column", "--label")
    return {label: frame[label]}


def _find_roles(folder, roles):
    if roles.label or roles.image or roles.id:
        raise BadInput(
            f"{folder} is a folder: its folders are the labels of the photos in them, and there is "
            "no --label, --image or --id."
        )
    return replace(roles, label=LABEL_OF_PHOTOS, image=PATH_OF_PHOTOS, id=PATH_OF_PHOTOS)


def _encode_photos(data, verbose):
    """Encode the photos, and leave out the rows of those that cannot be read."""
    encoder = PhotoEncoder(data.encoder, data.folder, verbose)
    is_read, notices = leave_out_unreadable(data.X[data.image_column], encoder)
    return replace(
        data,
        X=data.X[is_read],
        y=data.y[is_read],
        positions=data.positions[is_read],
        groups=None if data.groups is None else data.groups[is_read],
        columns=data.columns[is_read],
        notices=[*data.notices, *notices],
    )


def _check_encoder(encoder, image_column, text_columns):
    """Check that there is an encoder if it is needed, and something to encode; give notices."""
    if image_column is not None and encoder is None:
        raise BadInput(
            "Photos need a pretrained encoder: pip install 'skdynacor[images]', and pass "
            "--encoder with a folder that holds one, or a name such as clip-ViT-B-32, which is "
            "downloaded once (600 MB)."
        )
    if encoder is not None and image_column is None and not text_columns:
        raise BadInput(
            f"--encoder {encoder} is for texts and photos, but no column was found to hold text; "
            "name it with --text or --image."
        )
    if text_columns and (encoder is None or image_column is not None):
        return [
            f"Read {listed(text_columns)} by words; with --encoder, sentence embeddings rank label "
            "errors better (pip install 'skdynacor[text]')."
        ]
    return []


def _data_of_table(table, roles, file_format, folder, encoder):
    frame, names = table.frame, list(table.frame.columns)
    if roles.label is None:
        raise BadInput(f"Which column holds the labels? Pass --label; there are {listed(names)}.")
    roles.check(names)
    labels = read_labels(frame[roles.label], roles.label, roles.missing_labels)
    has_label = labels.has_label
    values, notices = read_cells(frame[roles.learnt(names)], file_format)
    if roles.image is not None:
        values[roles.image] = as_texts(frame[roles.image])
    known_labels = frame[roles.label].where(has_label)
    chosen = choose_columns(values, known_labels, roles.features, roles.text, roles.image)
    on_encoder = _check_encoder(encoder, roles.image, chosen.text_columns)
    rows = frame[has_label]
    if roles.id is not None:
        rows = rows.set_axis(as_texts(rows[roles.id]))
    X = values.loc[has_label, chosen.features].set_axis(rows.index)
    if chosen.text_columns:
        X[chosen.text_columns] = X[chosen.text_columns].astype(object).fillna("")
    return Data(
        X,
        pd.Series(labels.y, rows.index),
        roles.label,
        np.flatnonzero(has_label),
        _read_groups(frame[roles.groups], roles.groups, has_label) if roles.groups else None,
        rows.drop(columns=[roles.label, *({*as_list(roles.id)} - {roles.image})]),
        chosen.text_columns,
        [*table.notices, *labels.notices, *notices, *chosen.notices, *on_encoder],
        roles.image,
        folder,
        encoder,
        roles.id,
    )


def _read_arrays(path, roles):
    if roles.text or roles.drop or roles.id or len(roles.features or ["X"]) != 1:
        raise BadInput(
            "For a .npz file, --features names one array, and there is no --text, --drop or --id."
        )
    feature, label = (roles.features or ["X"])[0], roles.label or "y_given"
    names = {"--features": feature, "--label": label}
    if roles.groups:
        names["--groups"] = roles.groups
    X, y, *groups = _load(path, names)
    if X.dtype.kind not in "fiub" or X.ndim < 2 or y.shape != X.shape[:1]:
        raise BadInput(
            f"{path}: {feature} is {X.dtype} of shape {X.shape} and {label} of shape "
            f"{y.shape}; expected numbers of shape (rows, features), and one label for each row."
        )
    if groups and groups[0].shape != y.shape:
        raise BadInput(
            f"{path}: {roles.groups} has the shape {groups[0].shape}; expected one group for each "
            f"of {len(y)} rows."
        )
    X = X.reshape(len(X), -1)
    if X.dtype.kind == "f" and not (np.abs(X) <= LARGEST)[~np.isnan(X)].all():
        raise BadInput(f"{path}: {feature} has infinite numbers; write NaN in their place.")
    labels = read_labels(y, label, roles.missing_labels)
    positions = np.flatnonzero(labels.has_label)
    return Data(
        X[positions],
        pd.Series(labels.y, positions),
        label,
        positions,
        _read_groups(groups[0], roles.groups, labels.has_label) if groups else None,
        notices=labels.notices,
    )


def _read_groups(column, name, has_label):
    """Read the groups of the rows that have a label; none may be missing."""
    groups = as_texts(column)
    missing = np.flatnonzero((groups == "") & has_label).tolist()
    if missing:
        some = ", ".join(map(str, missing[:5])) + ", ..." * (len(missing) > 5)
        raise BadInput(
            f"--groups {name}: {len(missing)} rows have no group ({some}, counted from 0); give "
            "each of them a group of its own."
        )
    return groups[has_label].to_numpy()


def _load(path, names):
    """Load the arrays that options name."""
    try:
        # NB: given a path, np.load leaves damaged archives open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            for option, name in names.items():
                if name not in arrays.files:
                    raise no_such_name(name, arrays.files, "array", option)
            return [arrays[name] for name in names.values()]
    except (ValueError, EOFError, BadZipFile, zlib.error) as error:
        text = str(error).strip().partition("\n")[0]
        raise BadInput(f"{path} is not a valid .npz file of numbers and strings: {text}") from error
