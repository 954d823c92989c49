"""Files of tables, each format to a DataFrame and back; nothing here knows where the bytes lie."""
