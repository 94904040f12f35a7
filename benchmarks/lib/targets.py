"""Lines that say whether targets are met."""


def print_targets(targets):
    """Print a line for every target.

    Parameters
    ----------
    targets : iterable of (str, float, float, bool)
        A text, a figure, its target, and whether the figure is to be at least as high.
    """
    for text, figure, target, at_least in targets:
        met = figure >= target if at_least else figure <= target
        bound = f"at {'least' if at_least else 'most'} {target:.3g}"
        print(f"{text:<52} {figure:>7.3g}   {bound:<16} {'met' if met else 'MISSED'}")
