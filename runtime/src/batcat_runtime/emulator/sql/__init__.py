"""SQL over objects of the local S3: Athena's dialect, carried out by DuckDB.

sqlglot reads a query; every construct and function must be on a list of what is known to be right
(``functions``, ``constructs``), whatever depends on the types of its operands asks DuckDB's own
binder for them (``typing``), and the rest is refused by name.
"""
