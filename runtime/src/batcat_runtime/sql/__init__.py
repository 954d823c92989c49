"""SQL as text with values bound to its places, for every engine."""
