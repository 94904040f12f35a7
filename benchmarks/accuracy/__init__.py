"""How accurate the default is, beside cleanlab and without label noise."""
