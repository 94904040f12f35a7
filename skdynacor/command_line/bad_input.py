"""Errors that the user can correct."""

from difflib import get_close_matches

_MOST_NAMES = 20


class BadInput(Exception):
    """Invalid arguments or an invalid file; the message is for the user."""


def no_such_name(name, names, what, option):
    """Make the error for an unknown column or array that ``option`` names."""
    by_lower = {each.lower(): each for each in reversed(names)}
    close = [by_lower[each] for each in get_close_matches(name.lower(), by_lower, n=3)]
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    return BadInput(f"There is no {what} {name!r} ({option}).{hint} There are {listed(names)}.")


def listed(names):
    """List at most 20 names, and the number of others."""
    shown = ", ".join(map(repr, names[:_MOST_NAMES]))
    return shown + (f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else "")
