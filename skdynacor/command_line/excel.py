"""Read a sheet of an Excel file."""

import warnings
import zlib
from zipfile import BadZipFile

import pandas as pd

from ..utils.optional import import_optional
from .bad_input import BadInput, listed, no_such_name


def read_excel(path, sheet=None):
    """Read a sheet, by default the only one, as text; return it and the names in its header."""
    import_optional("openpyxl", "cli", "Reading .xlsx")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and the like that openpyxl cannot read
            cells = _read_cells(path, sheet)
    # NB: what openpyxl raises depends on the part of the file that is damaged.
    except (
        BadZipFile,
        zlib.error,
        EOFError,
        KeyError,
        SyntaxError,
        TypeError,
        ValueError,
    ) as error:
        text = str(error).strip().partition("\n")[0]
        raise BadInput(f"{path} is not a valid .xlsx file: {text}.") from error
    if cells.empty:
        raise BadInput(f"{path} is empty.")
    header, rows = cells.iloc[0].fillna("").tolist(), cells.iloc[1:]
    repeated = (rows == header).all(axis=1)
    if repeated.any():
        raise BadInput(
            f"{path}, row {repeated.idxmax() + 1} is the header once more, as in sheets appended "
            "to each other; remove the row."
        )
    names = [name or f"Unnamed: {number}" for number, name in enumerate(header)]
    return rows.set_axis(names, axis=1).reset_index(drop=True), header


def _read_cells(path, sheet):
    with pd.ExcelFile(path, engine="openpyxl") as file:
        names = file.sheet_names
        if sheet is None and len(names) > 1:
            raise BadInput(f"{path} has the sheets {listed(names)}; name one with --sheet.")
        if sheet is not None and sheet not in names:
            raise no_such_name(sheet, names, "sheet", "--sheet")
        return pd.read_excel(
            file, sheet_name=sheet or 0, header=None, dtype=str, keep_default_na=False
        )
