"""Texts that a spreadsheet would run as formulas.

Labels, row names and column names may come from strangers. In a cell, ``=HYPERLINK(...)`` can send
the cells beside it away; texts that begin with ``+``, ``-`` or ``@`` are formulas, too. An
apostrophe in front makes them plain text.
"""

import re

# Semicolons and tabs separate cells in some locales.
_BEGINNING = r"(^|[;\t\r\n])"
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?:\Z|[;\t\r\n])"
# Leading apostrophes get one more, so that ``restore`` can remove exactly one.
_FORMULA = rf"'*(?!{_NUMBER})[ \xa0]*[=+\-@＝＋－＠]"

_DISARM = re.compile(rf"{_BEGINNING}(?={_FORMULA})")
_RESTORE = re.compile(rf"{_BEGINNING}'(?={_FORMULA})")


def disarm(text):
    """Put an apostrophe before each formula in the text of a cell; signed numbers stay.

    Examples
    --------
    >>> from skdynacor.inspection._formulas import disarm, restore
    >>> disarm("=1+1"), disarm("-1"), disarm("a = b")
    ("'=1+1", '-1', 'a = b')
    >>> restore("'=1+1")
    '=1+1'
    """
    return _DISARM.sub(r"\1'", text)


def restore(text):
    """Undo ``disarm``."""
    return _RESTORE.sub(r"\1", text)
