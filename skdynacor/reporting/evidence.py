"""What speaks for and against the label of a row, as much of it as fits."""

import numpy as np

from .page import encode_json
from .row_contents import find_contents
from .row_features import read_features

#: How many rows have their evidence in the page, at most.
MOST_ROWS = 5_000
_EXAMPLES = 300  # rows that stand for a class


class Evidence:
    """Gathers what a page shows of rows: their texts, pictures and features.

    Parameters
    ----------
    X : data frame, array, sparse array or list of n_samples rows
    findings : Findings
    texts, images : array-like of n_samples rows or None
    feature_names : sequence of str or None
    """

    def __init__(self, X, findings, texts=None, images=None, feature_names=None):
        self._X, self._feature_names, self._findings = X, feature_names, findings
        self._contents, has_features = find_contents(X, texts, images)
        self._has_features = has_features or feature_names is not None

    def gather(self, issues, n_bytes):
        """Gather the evidence of the worst issues.

        Parameters
        ----------
        issues : list of (row, neighbors, given, suggested)
            Worst first: a position in X, positions of its neighbours, and positions of its given
            and its suggested label (None if unknown) in the classes.
        n_bytes : int
            How large the evidence may become.

        Returns
        -------
        evidence : dict
            ``n_rows``, how many issues it is of; ``rows``, the class and the caller's index of
            each row, by position; ``text`` and ``image`` of each row, where there are any; and
            ``features`` of each issue, whose names are in ``names``.
        """
        issues = issues[:MOST_ROWS]
        shown = {row: None for row, neighbors, _, _ in issues for row in (row, *neighbors)}
        table = _FeatureTable(*self._read(list(shown))) if self._has_features else None
        kinds = [contents.kind for contents in self._contents]
        gathered = {"rows": {}, **{kind: {} for kind in kinds}}
        features, n_rows = {}, 0
        for row, neighbors, given, suggested in issues:
            new = [each for each in (row, *neighbors) if each not in gathered["rows"]]
            pieces = {"rows": {each: self._describe(each) for each in new}}
            for contents in self._contents:
                pieces[contents.kind] = {each: contents.show(each) for each in new}
            shown_features = table and table.show(row, neighbors, given, suggested)
            n_bytes -= len(encode_json([pieces, shown_features]))
            if n_bytes < 0:
                break
            n_rows += 1
            for kind, piece in pieces.items():
                gathered[kind].update(piece)
            if table:
                features[row] = shown_features
        if table:
            gathered |= {"features": features, **table.describe()}
        return {"n_rows": n_rows, **gathered}

    def _describe(self, row):
        index = self._findings.index[row]
        return [int(self._findings.codes[row]), None if _is_position(index, row) else str(index)]

    def _read(self, rows):
        """Read the features of rows, and of examples of every class that are not flagged."""
        n_classes = len(self._findings.classes)
        examples = np.full(len(self._findings.codes), -1)
        for code in range(n_classes):
            of_class = np.flatnonzero((self._findings.codes == code) & ~self._findings.flags)
            some = np.linspace(0, len(of_class) - 1, min(_EXAMPLES, len(of_class)))
            examples[of_class[some.astype(int)]] = code
        rows = np.unique(np.concatenate([rows, np.flatnonzero(examples >= 0)]).astype(int))
        features = read_features(self._X, rows, self._feature_names, examples[rows], n_classes)
        return features, {row: i for i, row in enumerate(rows.tolist())}


class _FeatureTable:
    """Small tables of features, one for each issue, which share the list of names."""

    def __init__(self, features, places):
        self._features, self._places, self._numbers = features, places, {}

    def describe(self):
        """What all tables have in common."""
        return {
            "names": [self._features.names[j] for j in self._numbers],
            "n_features": len(self._features.names),
            "choice": self._features.choice,
            "usual_is": self._features.usual_is,
        }

    def show(self, row, neighbors, given, suggested):
        """Positions in ``names``; values of the row and its neighbours; what is usual, by class."""
        features, places = self._features, [self._places[each] for each in (row, *neighbors)]
        chosen = features.choose(places[0], places[1:], given)
        numbers = [self._numbers.setdefault(j, len(self._numbers)) for j in chosen.tolist()]
        classes = [given] if suggested in (None, given) else [given, suggested]
        return {
            "names": numbers,
            "values": [features.show(place, chosen) for place in places],
            "usual": [
                [code, features.show_usual(code, chosen)]
                for code in classes
                if features.has_examples[code]
            ],
        }


def _is_position(index, row):
    return isinstance(index, (int, np.integer)) and index == row
