"""Redshift over its own wire protocol: a real PostgreSQL behind a proxy.

One PostgreSQL stands for every cluster and workgroup, and the Data API uses it, too. It is the one
engine for Redshift because Redshift descends from it: transactions, types, integer division, NULL
ordering, catalog and error codes are right by themselves, and what a driver writes, the Data API
reads. What differs is mended in ``flavour.sql`` (functions and views), in ``dialect`` (words that
PostgreSQL lacks) and by carrying out COPY and UNLOAD against the local S3.
"""
