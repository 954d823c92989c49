r"""Regular expressions of Trino in Python's words.

Source: Trino documentation, "Regular expression functions": Java's syntax; ``(?i)`` regards
Unicode. What Python reads another way, or not at all, is refused by name. So is a letter, digit or
blank beyond ASCII where ``\w``, ``\d`` or ``\s`` decide: the documentation does not say what they
are.
"""

from __future__ import annotations

import re
from functools import lru_cache

REFUSED = "NOT_EMULATED: {} is not emulated by batcat local."
_FLAGS = re.compile(r"\(\?([ims]+)\)")
_TOKEN = re.compile(
    r"""
    (?P<escape>\\(?:[nrtfa\W_1-9]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}))
  | (?P<class>\\[dDwWsSbB])
  | (?P<end>\\[AZz])
  | (?P<name>\(\?<(?=[A-Za-z]))
  | (?P<group>\(\?(?:[:=!]|<[=!]))
  | (?P<many>(?:[*+?]|\{\d+(?:,\d*)?\})\??(?![*+?{]))
  | (?P<set>\[\^?(?!\]))
  | (?P<plain>[^\\\[\](){}*+?]|\((?!\?)|\)|\])
    """,
    re.VERBOSE,
)
_IN_SET = re.compile(
    r"(?P<escape>\\(?:[nrtfa\W_]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}))|(?P<class>\\[dDwWsS])"
    r"|(?P<close>\])|(?P<plain>[^\\\[&]|&(?!&))",
)
_ENDS = {r"\A": r"\A", r"\Z": r"(?=\n?\Z)", r"\z": r"\Z"}


@lru_cache(256)
def compiled(pattern: str) -> tuple[re.Pattern[str], str]:
    """A pattern, and the classes of characters that it asks for (of ``wds``).

    Raises:
        ValueError: it is no pattern, or not one that is known to mean the same in Python.
    """
    flags, place, made, classes = 0, 0, [], set()
    found = _FLAGS.match(pattern)
    if found:
        place = found.end()
        flags = sum({"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}[x] for x in found[1])
    inside = False
    while place < len(pattern):
        found = (_IN_SET if inside else _TOKEN).match(pattern, place)
        if found is None:
            raise ValueError(REFUSED.format(f"{pattern[place : place + 3]!r} in a pattern"))
        kind, text, place = found.lastgroup, found[0], found.end()
        if kind == "set":
            inside = True
        elif kind == "close":
            inside = False
        elif kind == "class":
            classes.add({"b": "w"}.get(text[1].lower(), text[1].lower()))
        made.append(_ENDS[text] if kind == "end" else "(?P<" if kind == "name" else text)
    try:
        return re.compile("".join(made), flags), "".join(sorted(classes))
    except re.error as error:
        raise ValueError(f"INVALID_FUNCTION_ARGUMENT: pattern {pattern!r}: {error}") from None


def check(pattern: str) -> None:
    """Refuse a pattern before anything is read.

    Raises:
        ValueError: as ``compiled`` does.
    """
    compiled(pattern)


_ASKED = {"w": str.isalnum, "d": str.isdecimal, "s": str.isspace}


def pattern_for(text: str, pattern: str) -> re.Pattern[str]:
    """The pattern, if it is clear what it finds in a text.

    Raises:
        ValueError: it is not.
    """
    made, classes = compiled(pattern)
    if classes and not text.isascii():
        for sign in text:
            if not sign.isascii() and any(_ASKED[one](sign) for one in classes):
                raise ValueError(
                    REFUSED.format(f"a pattern with \\{classes[0]} on {sign!r}"),
                )
    return made


@lru_cache(256)
def replacement(new: str) -> str:
    r"""Java's replacement in Python's words: ``$1``, ``${name}``, and ``\`` before what it means.

    Raises:
        ValueError: it is none.
    """
    made, place = [], 0
    while place < len(new):
        sign, place = new[place], place + 1
        if sign == "\\":
            if place == len(new):
                raise ValueError(f"INVALID_FUNCTION_ARGUMENT: Illegal replacement {new!r}")
            made.append(_literal(new[place]))
            place += 1
        elif sign == "$":
            found = re.compile(r"(\d)(?!\d)|\{(\w+)\}").match(new, place)
            if found is None:
                raise ValueError(f"INVALID_FUNCTION_ARGUMENT: Illegal replacement {new!r}")
            made.append(rf"\g<{found[1] or found[2]}>")
            place = found.end()
        else:
            made.append(_literal(sign))
    return "".join(made)


def _literal(sign: str) -> str:
    return r"\\" if sign == "\\" else sign


def regexp_like(text: str, pattern: str) -> bool:
    """Whether a pattern is found anywhere."""
    return bool(pattern_for(text, pattern).search(text))


def regexp_extract(text: str, pattern: str, group: int = 0) -> str | None:
    """The first match, or one of its groups; NULL if there is none."""
    made = pattern_for(text, pattern)
    _has(made, group)
    found = made.search(text)
    return found.group(group) if found else None


def regexp_extract_all(text: str, pattern: str, group: int = 0) -> list[str | None]:
    """Every match, or one of its groups."""
    made = pattern_for(text, pattern)
    _has(made, group)
    return [found.group(group) for found in made.finditer(text)]


def _has(made: re.Pattern[str], group: int) -> None:
    if not 0 <= group <= made.groups:
        raise ValueError(
            f"INVALID_FUNCTION_ARGUMENT: Pattern has {made.groups} groups. Cannot access group "
            f"{group}",
        )


def regexp_replace(text: str, pattern: str, new: str = "") -> str:
    """Replace every match; ``$1`` and ``${name}`` stand for groups."""
    made = pattern_for(text, pattern)
    try:
        return made.sub(replacement(new), text)
    except (re.error, IndexError) as error:
        raise ValueError(f"INVALID_FUNCTION_ARGUMENT: replacement {new!r}: {error}") from None


def regexp_split(text: str, pattern: str) -> list[str]:
    """What stands between the matches."""
    parts, start = [], 0
    for found in pattern_for(text, pattern).finditer(text):
        parts.append(text[start : found.start()])
        start = found.end()
    return [*parts, text[start:]]


def regexp_count(text: str, pattern: str) -> int:
    """How many matches there are."""
    return sum(1 for _ in pattern_for(text, pattern).finditer(text))
