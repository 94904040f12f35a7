"""Read JSON lines: one object per line."""

import json

import pandas as pd

from .bad_input import BadInput
from .text_files import open_text


def read_json_lines(path, encoding):
    """Read the objects as rows; the second value lists the columns of lists or objects."""
    rows = []
    with open_text(path, encoding) as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                rows.append(_read_object(path, number, line))
    if not rows:
        raise BadInput(f"{path} is empty.")
    frame = pd.DataFrame(rows)
    nested = {name for row in rows for name, value in row.items() if isinstance(value, list | dict)}
    return frame.drop(columns=list(nested)), [name for name in frame.columns if name in nested]


def _read_object(path, number, line):
    try:
        row = json.loads(line)
    except ValueError as error:
        raise BadInput(f"{path}, line {number} is not valid JSON: {error}.") from error
    if not isinstance(row, dict):
        raise BadInput(
            f'{path}, line {number} is no JSON object; expected lines such as {{"a": 1, "b": "x"}}.'
        )
    return row
