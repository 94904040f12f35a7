"""Plots of what was found, by scikit-learn's conventions."""
