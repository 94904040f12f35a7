"""Distinct rows of matrices that hold only two values."""

import numpy as np

_CHUNK = 65536  # rows looked at at a time, so that no temporary is as large as the input


def distinct_trajectories(*matrices):
    """Find the distinct rows of several matrices, each (n_rows, n_epochs), together.

    Returns float32 rows (n_distinct, n_epochs) and for each matrix the positions of its rows in
    them. Matrices that hold two values at most, such as quantized trajectories, are packed to one
    bit an entry and sorted. In others rows hardly ever repeat, and each counts as distinct.
    """
    ends = np.cumsum([len(matrix) for matrix in matrices])[:-1]
    filled = [matrix for matrix in matrices if len(matrix)]
    low, high = min(m.min() for m in filled), max(m.max() for m in filled)
    if not all(_holds_only(matrix, low, high) for matrix in filled):
        distinct = np.concatenate(matrices).astype(np.float32, copy=False)
        return distinct, np.split(np.arange(len(distinct)), ends)

    inverse = None
    for word in range(0, matrices[0].shape[1], 64):
        codes = np.concatenate([_pack(m[:, word : word + 64], high) for m in matrices])
        values, codes = np.unique(codes, return_inverse=True)
        if inverse is not None:  # fewer than 2^31 rows each, so the product fits
            codes = inverse * len(values) + codes
            values, codes = np.unique(codes, return_inverse=True)
        inverse = codes
    first = np.empty(len(values), dtype=np.intp)
    first[inverse[::-1]] = np.arange(len(inverse))[::-1]  # the first row of each kind wins
    inverses = np.split(inverse, ends)
    distinct = np.empty((len(values), matrices[0].shape[1]), dtype=np.float32)
    starts = [0, *ends]
    for start, matrix in zip(starts, matrices, strict=True):
        here = (start <= first) & (first < start + len(matrix))
        distinct[here] = matrix[first[here] - start]
    return distinct, inverses


def _holds_only(matrix, low, high):
    return all(
        bool(((chunk == low) | (chunk == high)).all())
        for chunk in np.array_split(matrix, -(-len(matrix) // _CHUNK))
    )


def _pack(matrix, high):
    """One unsigned integer per row of up to 64 entries, a bit for each high entry."""
    n_bytes = next(size for size in (1, 2, 4, 8) if 8 * size >= matrix.shape[1])
    codes = np.zeros((len(matrix), n_bytes), dtype=np.uint8)
    for start in range(0, len(matrix), _CHUNK):
        bits = np.packbits(matrix[start : start + _CHUNK] == high, axis=1)
        codes[start : start + _CHUNK, : bits.shape[1]] = bits
    return codes.view(f"u{n_bytes}")[:, 0]
