"""The Redshift Data API, over the same warehouse that drivers connect to."""
