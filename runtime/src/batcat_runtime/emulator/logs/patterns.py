"""Filter patterns for messages that are plain text.

Terms as in "Match terms in unstructured log events" of
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html: a message
must hold every term, none with ``-`` before it, or any of those with ``?``. Terms are parts of
the text, case counts, and one with other characters than letters, digits and underscores needs
double quotes. Patterns for JSON and for fields between spaces, and regular expressions, are
refused by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

TERM = re.compile(r'\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|(\w+))(?=\s|$)')
OTHER_KINDS = {"{": "for JSON", "[": "for fields between spaces", "%": "with a regular expression"}


@dataclass(frozen=True)
class Pattern:
    """What a message must hold.

    Attributes:
        every: terms that must all be there.
        either: terms of which one is enough; none means no such condition.
        none: terms that must not be there.
    """

    every: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    none: tuple[str, ...] = ()

    def matches(self, message: str) -> bool:
        """Whether a message is wanted."""
        return (
            all(term in message for term in self.every)
            and not any(term in message for term in self.none)
            and (not self.either or any(term in message for term in self.either))
        )


@lru_cache(maxsize=64)
def parse(text: str) -> Pattern:
    """Read a filter pattern.

    Raises:
        NotEmulated: one of another kind than terms.
        ServiceError: AWS would refuse it as well.
    """
    found: dict[str, list[str]] = {"": [], "?": [], "-": []}
    at = 0
    while text[at:].strip():
        match = TERM.match(text, at)
        if match is None:
            raise _wrong(text, text[at:].strip())
        sign, quoted, plain = match.groups()
        term = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        found[sign].append(term)
        at = match.end()
    if found["?"] and (found[""] or found["-"]):
        raise NotEmulated(f"logs filter pattern {text} (terms with ? beside others)")
    # '" "' matches everything, says the documentation.
    every = tuple(term for term in found[""] if term.strip())
    return Pattern(every, tuple(found["?"]), tuple(found["-"]))


def _wrong(text: str, rest: str) -> ServiceError:
    kind = OTHER_KINDS.get(rest[0]) or OTHER_KINDS.get(rest[:2].lstrip("?-")[:1])
    if kind:
        return NotEmulated(f"logs filter pattern {text} ({kind})")
    term = rest.split(maxsplit=1)[0]
    odd = re.search(r'[^\w"?-]', term) or re.search(r"[^\w]", term)
    shown = odd[0] if odd else term
    return ServiceError("InvalidParameterException", f"Invalid character(s) in term '{shown}'")
