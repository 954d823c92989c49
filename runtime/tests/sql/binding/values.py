"""Values that attack, ways of binding, and what a database can store."""

from __future__ import annotations

from hypothesis import strategies as st

STYLES = ["athena", "redshift", "data_api", "mysql"]
PLACES = {"athena": "?", "redshift": "$1", "data_api": ":p1", "mysql": "%s"}
STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
ATTACKS = [
    "'; drop table sales; --",
    "' or '1'='1",
    "\\'; drop table sales; --",
    "\\",
    "'",
    "''",
    '"',
    "%s",
    "%(name)s",
    ":name",
    "?",
    "{}",
    "$1",
    "*/ union select 1 /*",
    "\n--",
    "`",
    "\u02bc or 1=1",
]
