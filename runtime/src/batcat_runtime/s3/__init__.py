"""S3: objects, tables in objects, and how their bytes travel."""
