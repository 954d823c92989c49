"""The Glue Data Catalog: databases, tables and partitions over objects of the local S3."""
