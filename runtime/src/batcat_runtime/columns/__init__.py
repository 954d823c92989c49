"""Columns of exact types: one table of types, and the ways in and out of it."""
