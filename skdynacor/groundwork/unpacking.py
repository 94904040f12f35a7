"""Files that unpack to far more than they are, and may be meant to fill the memory."""

#: What no file is refused for, in bytes.
ALWAYS_ALLOWED = 2**26
#: How many times its size a larger one may take. Deflate packs zeros a thousandfold, and nothing
#: that tells rows apart nearly as much.
MOST_TIMES = 200


def check_unpacked(n_unpacked, path):
    """Refuse a file for what it unpacks to, before the memory is taken.

    Parameters
    ----------
    n_unpacked : int
        Bytes that it says it unpacks to, or has unpacked to so far.
    path : Path

    Raises
    ------
    ValueError
    """
    n_packed = path.stat().st_size
    if n_unpacked > max(ALWAYS_ALLOWED, MOST_TIMES * n_packed):
        raise ValueError(
            f"It unpacks from {n_packed:,} bytes to {n_unpacked:,} or more, which is over "
            f"{MOST_TIMES} times as much and may be meant to fill the memory. If it is sound, save "
            "it without compression."
        )
