"""Athena: queries over tables of the Glue catalog, carried out by DuckDB."""
