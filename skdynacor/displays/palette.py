"""Colours that people tell apart, whatever colours they see.

Single ones are those of Okabe and Ito, https://jfly.uni-koeln.de/color/.
"""

BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#009E73"
GRAY, LIGHT_GRAY = "#666666", "#D9D9D9"

#: Rows whose label is left alone, or is right.
RIGHT = BLUE
#: Rows whose label is flagged, or is wrong.
WRONG = VERMILLION
#: Copies whose label was made wrong.
PLANTED = GREEN
#: Of matrices, from nothing to most: one hue, so that lightness alone tells how much.
SEQUENTIAL = "Blues"
