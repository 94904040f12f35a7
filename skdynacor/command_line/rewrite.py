"""Write a file anew with other labels in some rows, and all else as it was."""

import csv
import gzip
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from ..utils.files import writing
from ..utils.optional import import_optional
from .bad_input import BadInput
from .photos import PATH_OF_PHOTOS, read_folder
from .tables import separator_of, suffix_of
from .text_files import open_text

#: In place of a label: leave out the row.
DROPPED = None


def rewrite(source, out, label, changes, file_format):
    """Write ``source`` to ``out`` with changed labels.

    Parameters
    ----------
    source, out : Path
        Of the same format, by their suffixes; or two folders of photos, of which the second is
        made anew.
    label : str
        The column, or the array of a ``.npz`` file.
    changes : dict of int to label
        New labels by position of the row, as the file writes them; ``DROPPED`` leaves out the row.
    file_format : FileFormat
    """
    if source.is_dir():
        _copy_photos(source, out, changes)
        return
    if suffix_of(out) != suffix_of(source):
        raise BadInput(
            f"--out {out} must have the suffix of the input, {suffix_of(source)}: the file is "
            "copied as it is, but for the labels."
        )
    suffix = suffix_of(source)
    if suffix in (".csv", ".tsv"):
        text = _rewrite_csv(source, label, changes, file_format)
    elif suffix in (".jsonl", ".ndjson"):
        text = _rewrite_json_lines(source, label, changes, file_format)
    else:
        write = {".xlsx": _rewrite_excel, ".npz": _rewrite_arrays}.get(suffix, _rewrite_parquet)
        with writing(out) as file:
            write(source, file, label, changes, file_format)
        return
    encoded = text.encode(_encoding_of(source, file_format))
    with writing(out) as file:
        file.write(gzip.compress(encoded) if out.suffix == ".gz" else encoded)


def _copy_photos(folder, out, changes):
    """Copy a folder of photos to a new one, each photo to the folder of its class."""
    if out.exists():
        raise BadInput(f"--out {out} is there already; name a new folder.")
    if out.resolve().is_relative_to(folder.resolve()):
        raise BadInput(f"--out {out} is in {folder}, whose folders are classes; name another.")
    part = out.with_name(f"{out.name}.part")
    try:
        for position, path in enumerate(read_folder(folder).frame[PATH_OF_PHOTOS]):
            label, *rest = Path(path).parts
            label = changes.get(position, label)
            if label is DROPPED:
                continue
            target = part.joinpath(label, *rest)
            if target.exists():
                raise BadInput(f"Two photos would be {Path(label, *rest)}; rename one of them.")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(folder / path, target)
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _encoding_of(path, file_format):
    if file_format.encoding is not None:
        return file_format.encoding
    open_ = gzip.open if path.suffix == ".gz" else open
    with open_(path, "rb") as file:
        return "utf-8-sig" if file.read(3) == b"\xef\xbb\xbf" else "utf-8"


def _rewrite_csv(path, label, changes, file_format):
    """Copy records as they are written, but for those that change."""
    separator = file_format.separator or separator_of(path)
    written, raw = io.StringIO(newline=""), []

    def lines(file):
        for line in file:
            raw.append(line)
            yield line

    with open_text(path, file_format.encoding or "utf-8-sig") as file:
        reader, column, position = csv.reader(lines(file), delimiter=separator), None, 0
        for record in reader:
            text = "".join(raw)
            raw.clear()
            if column is None or not record:
                column = record.index(label) if column is None and record else column
            elif position in changes:
                text = _change_record(record, column, changes[position], separator, text)
                position += 1
            else:
                position += 1
            written.write(text)
    return written.getvalue()


def _change_record(record, column, label, separator, text):
    if label is DROPPED:
        return ""
    end = text[len(text.rstrip("\r\n")) :]
    changed = io.StringIO(newline="")
    writer = csv.writer(changed, delimiter=separator, lineterminator=end)
    writer.writerow([*record[:column], label, *record[column + 1 :]])
    return changed.getvalue()


def _rewrite_json_lines(path, label, changes, file_format):
    lines, position = [], 0
    with open_text(path, file_format.encoding or "utf-8-sig") as file:
        for line in file:
            if line.strip():
                if position in changes:
                    line = _change_object(line, label, changes[position])
                position += 1
            lines.append(line)
    return "".join(lines)


def _change_object(line, label, value):
    if value is DROPPED:
        return ""
    end = line[len(line.rstrip("\r\n")) :]
    return json.dumps({**json.loads(line), label: value}, ensure_ascii=False) + end


def _rewrite_excel(path, file, label, changes, file_format):
    """Change cells, which keep their formats; the first row is the header."""
    openpyxl = import_optional("openpyxl", "cli", "Writing .xlsx")
    book = openpyxl.load_workbook(path)
    sheet = book[file_format.sheet] if file_format.sheet else book.worksheets[0]
    column = next(cell.column for cell in sheet[1] if str(cell.value) == label)
    for position, value in changes.items():
        if value is not DROPPED:
            cell = sheet.cell(position + 2, column)
            # A number stays one.
            is_number = isinstance(cell.value, int | float) and not isinstance(cell.value, bool)
            cell.value = type(cell.value)(value) if is_number else value
    for position in sorted((p for p, value in changes.items() if value is DROPPED), reverse=True):
        sheet.delete_rows(position + 2)
    book.save(file)


def _rewrite_parquet(path, file, label, changes, file_format):
    table = pa.parquet.read_table(path)
    values = table[label].to_pylist()
    for position, value in changes.items():
        values[position] = value
    column = pa.array(values, type=table.schema.field(label).type)
    table = table.set_column(table.column_names.index(label), table.schema.field(label), column)
    kept = np.ones(len(table), dtype=bool)
    kept[_dropped(changes)] = False
    pa.parquet.write_table(table.filter(pa.array(kept)), file)


def _rewrite_arrays(path, file, label, changes, file_format):
    """Change the array of labels; rows are left out of all arrays as long as it is."""
    with np.load(path, allow_pickle=False) as arrays:
        arrays = dict(arrays)
    labels = pd.Series(arrays[label])
    for position, value in changes.items():
        if value is not DROPPED:
            labels[position] = value
    arrays[label] = labels.to_numpy().astype(arrays[label].dtype)
    for name, array in arrays.items():
        if array.shape[:1] == labels.shape:
            arrays[name] = np.delete(array, _dropped(changes), axis=0)
    np.savez(file, **arrays)


def _dropped(changes):
    return [position for position, value in changes.items() if value is DROPPED]
