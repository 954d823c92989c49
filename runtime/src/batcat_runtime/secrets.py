"""Secrets from AWS Secrets Manager: kept for a while, and never shown.

What ``get_secret`` gives is an ordinary dictionary of ordinary text to every driver, but its
``repr`` is stars; see :mod:`.hiding`.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from .aws import client, explained
from .errors import AccessError, ConfigError, DataError, MissingError
from .hiding import Origin, Secret, SecretBytes, SecretText

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_T = TypeVar("_T")
_FRESH = 300.0  # seconds


@dataclass(frozen=True)
class _Stored:
    """What Secrets Manager answered."""

    value: SecretText | SecretBytes
    version: str
    moment: float


_STORE: dict[Any, _Stored] = {}


@overload
def get_secret(
    secret_name: str,
    region: str | None = None,
    *,
    form: Literal["json"] = "json",
    max_age: float = _FRESH,
) -> dict[str, Any]: ...
@overload
def get_secret(
    secret_name: str,
    region: str | None = None,
    *,
    form: Literal["text"],
    max_age: float = _FRESH,
) -> str: ...
@overload
def get_secret(
    secret_name: str,
    region: str | None = None,
    *,
    form: Literal["binary"],
    max_age: float = _FRESH,
) -> bytes: ...
def get_secret(
    secret_name: str,
    region: str | None = None,
    *,
    form: str = "json",
    max_age: float = _FRESH,
) -> dict[str, Any] | str | bytes:
    """Get a secret from AWS Secrets Manager.

    It is kept in memory for five minutes. A login that is refused with a password from here gets
    the secret anew by itself, and tries again if it has been rotated.

    Args:
        secret_name: name or ARN of the secret.
        region: its AWS region; by default the one of the environment.
        form: ``json`` for a dictionary, ``text``, or ``binary``; the secret may be stored as
            text or as bytes.
        max_age: seconds for which a secret that has been fetched is good enough; 0 fetches it.

    Returns:
        The secret. Its ``repr`` shows keys, but no values.

    Raises:
        MissingError: there is no such secret, or it is being deleted.
        AccessError: credentials are absent, or do not allow to read or decrypt it.
        DataError: it is not of that form; the message does not say what it is.
        ConfigError: there is no such form.
    """
    if form not in {"json", "text", "binary"}:
        raise ConfigError(f"form is {form!r}; it must be 'json', 'text' or 'binary'")
    found = _stored(secret_name, region, max_age).value
    if form == "binary":
        return found if isinstance(found, SecretBytes) else found.encode()
    return _parsed(found, Origin(secret_name, region), form)


def _parsed(
    found: SecretText | SecretBytes, origin: Origin, form: str
) -> dict[str, Any] | SecretText:
    # Errors of decoders hold what they were given, so they must not become context of ours.
    value: Any = None
    try:
        text = SecretText(found if isinstance(found, str) else found.decode(), origin)
        value = text if form == "text" else _hidden(json.loads(text), origin)
    except (ValueError, RecursionError):
        pass
    if value is None or (form == "json" and not isinstance(value, Secret)):
        what = "a JSON object" if form == "json" else "text"
        others = "form='text' or form='binary'" if form == "json" else "form='binary'"
        raise DataError(f"secret {origin.name!r} is not {what}; get it with {others}")
    return value  # type: ignore[no-any-return]


def _hidden(value: Any, origin: Origin) -> Any:
    """Hide all text in what JSON holds."""
    if isinstance(value, dict):
        return Secret({key: _hidden(item, origin.below(key)) for key, item in value.items()})
    if isinstance(value, list):
        return [_hidden(item, origin.below(place)) for place, item in enumerate(value)]
    return SecretText(value, origin) if isinstance(value, str) else value


def _stored(name: str, region: str | None, max_age: float) -> _Stored:
    with _explained_here(name):
        key = (client("secretsmanager", region), name)  # another account has another client
        known = _STORE.get(key)
        if known and time.monotonic() - known.moment < max_age:
            return known
        stored = _fetch(*key)
    _STORE[key] = stored
    return stored


@contextmanager
def _explained_here(name: str) -> Iterator[None]:
    from botocore.exceptions import ClientError

    doing = f"read secret {name!r}"
    with explained(doing, "check its name, its region and the account"):
        try:
            yield
        except ClientError as error:
            told = error.response.get("Error", {})
            code, message = told.get("Code", ""), told.get("Message", "")
            if code == "InvalidRequestException":  # it is being deleted
                raise MissingError(
                    f"cannot {doing}: {message}; restore it, or use another"
                ) from error
            if code == "DecryptionFailure":
                raise AccessError(
                    f"cannot {doing}: {message}; check that the role may use the secret's KMS key",
                ) from error
            raise


def _fetch(secrets_manager: Any, name: str) -> _Stored:
    with unlogged():
        return _hide(secrets_manager.get_secret_value(SecretId=name))


def _hide(answer: dict[str, Any]) -> _Stored:
    # At no time does a local variable hold what a traceback would show.
    value: SecretText | SecretBytes
    if "SecretString" in answer:
        value = SecretText(answer.pop("SecretString"))
    else:
        value = SecretBytes(answer.pop("SecretBinary"))
    return _Stored(value, answer["VersionId"], time.monotonic())


class _Silence(logging.Filter):
    """Drops what a thread logs while it says so."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        return record.thread not in self.threads


_SILENCE = _Silence()
# At level DEBUG these show requests and answers.
_TALKATIVE = ("botocore.parsers", "botocore.endpoint", "botocore.hooks", "botocore.auth")


@contextmanager
def unlogged() -> Iterator[None]:
    """Keep botocore from logging the answer, also at level DEBUG."""
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_SILENCE)  # a second time has no effect
    here = threading.get_ident()
    _SILENCE.threads.add(here)
    try:
        yield
    finally:
        _SILENCE.threads.discard(here)


def login(
    connect: Callable[..., _T],
    credentials: Sequence[str],
    refused: Callable[[Exception], bool],
) -> _T:
    """Log in; with the secret as it is now, if it has been rotated since it was fetched.

    Args:
        connect: called with the credentials.
        credentials: user and password, for example; those from ``get_secret`` are fetched anew.
        refused: tells whether an error means that the credentials are wrong.

    Returns:
        What ``connect`` returns.
    """
    try:
        return connect(*credentials)
    except Exception as error:
        if not refused(error):
            raise
        fresh = [_renewed(one) for one in credentials]
        if fresh == list(credentials):
            raise
    return connect(*fresh)


def _renewed(text: str) -> str:
    origin = text.origin if isinstance(text, SecretText) else None
    if origin is None:
        return text
    stored = _stored(origin.name, origin.region, 0).value
    found: Any = _parsed(stored, origin._replace(path=()), "json" if origin.path else "text")
    for key in origin.path:
        found = found[key]
    return SecretText(found, origin)
