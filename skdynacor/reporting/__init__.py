"""The report: one HTML file with issues, plots and evidence."""
