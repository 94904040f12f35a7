"""Texts, images and features of the worst issues, as many as fit."""

import numpy as np

from .page import encode_json
from .row_contents import find_contents
from .row_features import read_features

#: At most so many rows have evidence in the page.
MOST_ROWS = 5_000
_EXAMPLES = 300  # rows of a class from which its usual values come


def gather_evidence(
    X, findings, issues, asked, positions, n_bytes, feature_names, columns, **contents
):
    """Gather texts, images, features and further columns of the worst issues and their neighbours.

    ``issues`` are the columns of the issues, worst first; rows in ``asked`` come before, with
    further neighbours, positions by row. Rows are numbered by ``positions``. The JSON takes at most
    ``n_bytes``.
    """
    contents, has_features = find_contents(X, len(findings.labels), columns=columns, **contents)
    worst = list(_list_worst(issues))
    before = [(row, [*others, *asked[row]], codes) for row, others, codes in worst if row in asked]
    worst = before + worst[:MOST_ROWS]
    evidence = {kind: {} for kind in ("rows", *contents)}
    if columns is not None:
        evidence["column_names"] = [str(name) for name in columns.columns]
    features = None
    if has_features or feature_names is not None:
        shown = [each for row, neighbors, _ in worst for each in (row, *neighbors)]
        examples = _find_examples(findings)
        rows = np.unique(np.concatenate([shown, np.flatnonzero(examples >= 0)]).astype(int))
        n_classes = len(findings.classes)
        features = read_features(X, rows, feature_names, examples[rows], n_classes)
        places = {row: place for place, row in enumerate(rows.tolist())}
        evidence |= {"features": {}, "names": {}, "n_features": len(features.names)}
        evidence |= {"choice": features.choice, "usual_is": features.usual_is}
    n_rows = -len(before)
    for row, neighbors, codes in worst:
        if n_rows >= 0 and row in asked:
            n_rows += 1
            continue
        new = [each for each in (row, *neighbors) if each not in evidence["rows"]]
        pieces = {"rows": {each: _describe(findings, each) for each in new}}
        for kind, show in contents.items():
            pieces[kind] = {each: show(each) for each in new}
        if features is not None:
            own, *others = (places[each] for each in (row, *neighbors))
            chosen = features.choose(own, others, codes[0])
            pieces["names"] = {j: features.names[j] for j in chosen}
            known = [code for code in codes if code in examples]
            usual = [[code, features.show_usual(code, chosen)] for code in known]
            values = [features.show(place, chosen) for place in (own, *others)]
            pieces["features"] = {row: {"names": chosen, "values": values, "usual": usual}}
        n_bytes -= len(encode_json(pieces))
        if n_bytes < 0:
            break
        n_rows += 1
        for kind, piece in pieces.items():
            evidence[kind].update(piece)
    for kind in evidence.keys() & {"rows", "features", *contents}:
        evidence[kind] = {int(positions[row]): piece for row, piece in evidence[kind].items()}
    return {"n_rows": max(n_rows, 0), **evidence}


def _list_worst(columns):
    """Give position, positions of neighbours, and given and suggested code of each issue."""
    unknown = [None] * len(columns["position"])
    names = ["position", "neighbor_1", "neighbor_2", "given_label", "suggested_label"]
    for row, *neighbors, given, suggested in zip(
        *(columns[name] or unknown for name in names), strict=True
    ):
        codes = [given] if suggested in (None, given) else [given, suggested]
        yield row, [each for each in neighbors if each is not None], codes


def _find_examples(findings):
    """Draw unflagged examples of each class: the class of each row, or −1, (n_samples,)."""
    examples = np.full(len(findings.codes), -1)
    for code in range(len(findings.classes)):
        of_class = np.flatnonzero((findings.codes == code) & ~findings.flags)
        some = np.linspace(0, len(of_class) - 1, min(_EXAMPLES, len(of_class)))
        examples[of_class[some.astype(int)]] = code
    return examples


def _describe(findings, row):
    """Give the class of a row, and its index unless that is its position."""
    index = findings.index[row]
    is_position = isinstance(index, (int, np.integer)) and index == row
    return [int(findings.codes[row]), None if is_position else str(index)]
