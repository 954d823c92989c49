"""Secrets are at hand, up to date, and never shown."""

from __future__ import annotations

import io
import json
import logging
import pickle
import traceback
import uuid
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
import rich.console
import rich.pretty
import rich.traceback

import batcat_runtime as bc
from batcat_runtime import secrets
from batcat_runtime.aws import client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

REGION = "eu-central-1"
PASSWORD = "hunter2\n'\"hunter2"
LOGIN = {"username": "ada", "password": PASSWORD, "port": 5439, "more": {"keys": [PASSWORD]}}

pytestmark = pytest.mark.usefixtures("s3_environment")


@pytest.fixture
def create() -> Callable[..., str]:
    """Create a secret and give its name."""

    def make(**value: Any) -> str:
        name = f"batcat/{uuid.uuid4().hex}"
        client("secretsmanager", REGION).create_secret(Name=name, **value)
        return name

    return make


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """What Secrets Manager is asked for, call by call."""
    names: list[str] = []
    events = client("secretsmanager", REGION).meta.events

    def note(params: dict[str, Any], **_: object) -> None:
        names.append(json.loads(params["body"])["SecretId"])

    events.register("before-call.secretsmanager.GetSecretValue", note, unique_id="asked")
    yield names
    events.unregister("before-call.secretsmanager.GetSecretValue", unique_id="asked")


def rotate(name: str, **value: Any) -> None:
    """Store another value under the same name."""
    client("secretsmanager", REGION).put_secret_value(SecretId=name, **value)


def test_a_secret_is_a_dictionary(create: Callable[..., str]) -> None:
    """As the predecessor gave it; its text is text to every driver."""
    found = bc.get_secret(create(SecretString=json.dumps(LOGIN)), REGION)
    assert found == LOGIN
    assert isinstance(found, dict)
    assert isinstance(found["password"], str)
    assert found["password"].encode() == PASSWORD.encode()


def test_text_and_bytes(create: Callable[..., str]) -> None:
    """Whichever way they are stored, JSON or not."""
    text, binary = create(SecretString="not {json"), create(SecretBinary=b"\xff\0")
    stored = create(SecretBinary=b'{"a": "b"}')
    assert bc.get_secret(text, REGION, form="text") == "not {json"
    assert bc.get_secret(text, REGION, form="binary") == b"not {json"
    assert bc.get_secret(binary, REGION, form="binary") == b"\xff\0"
    assert bc.get_secret(stored, REGION) == {"a": "b"}
    assert bc.get_secret(stored, REGION, form="text") == '{"a": "b"}'


@pytest.mark.parametrize(
    ("value", "form", "message"),
    [
        ({"SecretString": PASSWORD}, "json", "is not a JSON object; get it with form='text'"),
        ({"SecretString": f'["{PASSWORD[:7]}"]'}, "json", "is not a JSON object"),
        ({"SecretString": "[" * 60_000}, "json", "is not a JSON object"),
        ({"SecretBinary": b"\xffhunter2"}, "json", "is not a JSON object"),
        ({"SecretBinary": b"\xffhunter2"}, "text", "is not text; get it with form='binary'"),
    ],
)
def test_a_secret_of_another_form_is_not_shown(
    create: Callable[..., str], value: dict[str, Any], form: Any, message: str
) -> None:
    """Not in the error, and not in what the error comes from."""
    name = create(**value)
    with pytest.raises(bc.DataError, match=message) as caught:
        bc.get_secret(name, REGION, form=form)
    assert caught.value.__context__ is None
    assert "hunter2" not in in_full(caught.value)
    assert name in str(caught.value)


def in_full(error: BaseException) -> str:
    """A traceback as the most talkative tools print it: all local variables but the test's."""
    trace = error.__traceback__.tb_next if error.__traceback__ else None
    told = traceback.TracebackException(type(error), error, trace, capture_locals=True)
    return "".join(told.format())


def test_a_traceback_does_not_show_it(create: Callable[..., str]) -> None:
    """Wherever it is raised, with all local variables."""
    login = bc.get_secret(create(SecretString=json.dumps(LOGIN)), REGION)

    def connect(user: str, password: str, options: dict[str, Any]) -> NoReturn:
        everything = [user, password, options, (login, [login["password"]])]
        raise ConnectionError(f"no way in for {len(everything)}")

    with pytest.raises(ConnectionError) as caught:
        secrets.login(
            lambda user, password: connect(user, password, {"login": login}),
            [login["username"], login["password"]],
            lambda _: False,
        )
    told = in_full(caught.value)
    assert "everything" in told
    assert "hunter2" not in told


def test_rich_does_not_show_it(create: Callable[..., str]) -> None:
    """It prints the beginning of what is long, in tracebacks with local variables and elsewhere."""
    long = "hunter2" * 99
    form: Any = {"SecretString": json.dumps({"key": long, "more": [long]})}
    found = bc.get_secret(create(**form), REGION)
    binary = bc.get_secret(create(SecretBinary=long.encode()), REGION, form="binary")

    def use(**everything: object) -> NoReturn:
        raise ConnectionError(len(everything))

    try:
        use(found=found, key=found["key"], more=found["more"], binary=binary, some=found["key"][:9])
    except ConnectionError as error:
        trace = error.__traceback__.tb_next if error.__traceback__ else None
        told = rich.traceback.Traceback.from_exception(type(error), error, trace, show_locals=True)
    console = rich.console.Console(file=io.StringIO(), width=200, record=True)
    console.print(told)
    console.print(rich.pretty.Pretty([found, found["key"], binary], max_string=20))
    said = console.export_text()
    assert "everything" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("broken", ["VersionId", "SecretString"])
def test_an_error_inside_does_not_show_it(
    create: Callable[..., str], monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """An answer that lacks what it should have, for example."""
    name = create(SecretString=json.dumps(LOGIN))
    events = client("secretsmanager", REGION).meta.events

    def spoil(parsed: dict[str, Any], **_: object) -> None:
        del parsed[broken]

    events.register("after-call.secretsmanager.GetSecretValue", spoil, unique_id="spoil")
    monkeypatch.setattr(secrets, "_STORE", {})
    try:
        with pytest.raises(KeyError) as caught:
            bc.get_secret(name, REGION)
    finally:
        events.unregister("after-call.secretsmanager.GetSecretValue", unique_id="spoil")
    assert "_hide" in in_full(caught.value)
    assert "hunter2" not in in_full(caught.value)


@pytest.mark.parametrize("show", [repr, "{0!r}".format, lambda one: f"{[one]}", ascii])
def test_it_is_not_printed(create: Callable[..., str], show: Callable[[Any], str]) -> None:
    """Neither it nor its parts; keys are."""
    found = bc.get_secret(create(SecretString=json.dumps(LOGIN)), REGION)
    binary = bc.get_secret(create(SecretBinary=b"hunter2"), REGION, form="binary")
    copies = [dict(found), {**found}, found.copy(), pickle.loads(pickle.dumps(found))]  # noqa: S301
    told = show(
        [found, str(found), *copies, binary, str(binary), found["more"], list(found.values())]
    )
    assert "password" in told
    assert "hunter2" not in told
    assert copies[3] == LOGIN


@pytest.mark.parametrize("form", ["plain", "json"])
def test_it_is_not_logged(
    create: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    log_name: str,
    capsys: pytest.CaptureFixture[str],
    form: str,
) -> None:
    """Not by us, not by botocore at its most talkative, and not beside a line."""
    monkeypatch.setenv("BATCAT_LOG_FORMAT", form)
    everything = io.StringIO()
    handler = logging.StreamHandler(everything)
    root = logging.getLogger()
    level = root.level
    name = create(SecretString=json.dumps(LOGIN))
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        found = bc.get_secret(name, REGION, max_age=0)
        logger = bc.get_logger(log_name)
        logger.warning("got %s", found, extra={"secret": found, "deep": [{"a": found["password"]}]})
        client("secretsmanager", REGION).list_secrets()
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
    told = capsys.readouterr().err + everything.getvalue()
    assert "got {'username': '********'" in told
    assert "Response body" in everything.getvalue()
    assert "hunter2" not in told


def test_a_password_among_the_arguments_of_a_line_is_stars(
    create: Callable[..., str],
    log_name: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """On the console, in the file, in handlers of others, and in lines of loggers below."""
    found = bc.get_secret(create(SecretString=json.dumps(LOGIN)), REGION)
    password = found["password"]
    logger = bc.get_logger(log_name, tmp_path / "all.log")
    others = io.StringIO()
    handler = logging.StreamHandler(others)
    handler.setFormatter(logging.Formatter("%(message)s %(extra)s", defaults={"extra": ""}))
    logger.addHandler(handler)
    lines: list[tuple[Any, ...]] = [
        ("as %s (%d of them)", password, 1),
        ("as %(password)s, %(port)d", found),
        ("all: %s", bc.get_secret(create(SecretString='{"pin": 9174}'), REGION)),
        ("as %(one)s", {"one": password}),
        ("as " + password,),
        (password + " is it",),
        (password,),
    ]
    for line in lines:
        logger.warning(*line, extra={"extra": password})
        logging.getLogger(f"{log_name}.below").warning(*line)
    told = [capsys.readouterr().err, (tmp_path / "all.log").read_text(encoding="utf-8")]
    for text in told:
        assert text.count("as ******** (1 of them)") == 2
        assert text.count("as ********, 5439") == 2
        assert len(text.splitlines()) == 2 * len(lines)
        assert "hunter2" not in text
        assert "9174" not in text
    assert others.getvalue().count("as ******** (1 of them) ********") == 1
    assert "hunter2" not in others.getvalue()
    assert f"{password}" == str(password) == PASSWORD


def test_what_drivers_make_of_it_is_hidden_too(create: Callable[..., str]) -> None:
    """Bytes with an end, as MySQL sends them over TLS, are local variables of the driver."""
    found = bc.get_secret(create(SecretString=json.dumps(LOGIN)), REGION)["password"]
    sent = found.encode("latin1") + b"\0"
    made = [sent, b"\1" + sent, sent.decode(), f"user={'ada'} password=" + found, found + "!"]
    assert sent == PASSWORD.encode() + b"\0"
    assert made[3] == f"user=ada password={PASSWORD}"
    assert "hunter2" not in repr(made)
    buffer = begun = bytearray(b"p")
    buffer += sent
    assert buffer is begun
    assert bytes(buffer) == b"p" + sent
    parts = ["user"]
    parts += found[:2]
    assert parts == ["user", *PASSWORD[:2]]
    with pytest.raises(TypeError):
        5 + found


def test_it_is_fetched_once_in_a_while(
    create: Callable[..., str], asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then anew, because it may have been rotated."""
    name = create(SecretString='{"a": "1"}')
    now = [0.0]
    monkeypatch.setattr("batcat_runtime.secrets.time.monotonic", lambda: now[0])
    first = bc.get_secret(name, REGION)
    first["a"] = "spoilt"
    rotate(name, SecretString='{"a": "2"}')
    now[0] = 299.0
    assert bc.get_secret(name, REGION) == {"a": "1"}
    assert asked == [name]
    now[0] = 300.0
    assert bc.get_secret(name, REGION) == {"a": "2"}
    assert bc.get_secret(name, REGION, max_age=0) == {"a": "2"}
    assert asked == [name] * 3


def test_another_account_has_other_secrets(
    create: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program may turn from one to another."""
    name = create(SecretString='{"a": "1"}')
    assert bc.get_secret(name, REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another")
    rotate(name, SecretString='{"a": "2"}')
    assert bc.get_secret(name, REGION) == {"a": "2"}


class RefusedError(Exception):
    """What a database says to a wrong password."""


def test_a_refused_login_gets_the_secret_anew(create: Callable[..., str], asked: list[str]) -> None:
    """Rotation may come between the fetch and the login, and change the user, too."""
    name = create(SecretString=json.dumps({"user": "ada", "login": {"password": "old"}}))
    known = bc.get_secret(name, REGION)
    rotate(name, SecretString=json.dumps({"user": "ada2", "login": {"password": "new"}}))
    tried: list[tuple[str, str]] = []

    def connect(user: str, password: str) -> str:
        tried.append((user, password))
        if password != "new":
            raise RefusedError
        return "connected"

    credentials = [known["user"], known["login"]["password"]]
    assert secrets.login(connect, credentials, lambda e: isinstance(e, RefusedError)) == "connected"
    assert tried == [("ada", "old"), ("ada2", "new")]
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("refused", "plain"), [(True, True), (True, False), (False, True), (False, False)]
)
def test_a_login_that_fails_is_not_repeated(
    create: Callable[..., str], refused: bool, plain: bool
) -> None:
    """With the same password, or for another reason: it might lock the account."""
    known = bc.get_secret(create(SecretString=json.dumps({"password": "old"})), REGION)
    tried = []

    def connect(password: str) -> None:
        tried.append(password)
        raise RefusedError

    with pytest.raises(RefusedError):
        secrets.login(connect, ["x" if plain else known["password"]], lambda _: refused)
    assert len(tried) == 1


def test_a_secret_that_is_not_there_is_named(create: Callable[..., str]) -> None:
    """Or that is about to be deleted."""
    with pytest.raises(bc.MissingError, match=r"cannot read secret 'nobody': .*check its name"):
        bc.get_secret("nobody", REGION)
    name = create(SecretString="{}")
    client("secretsmanager", REGION).delete_secret(SecretId=name)
    with pytest.raises(bc.MissingError, match=f"cannot read secret '{name}': .*; restore it"):
        bc.get_secret(name, REGION)


def test_a_form_that_does_not_exist_is_refused() -> None:
    """Before anything is asked."""
    with pytest.raises(bc.ConfigError, match="form is 'yaml'; it must be"):
        bc.get_secret("any", REGION, form="yaml")  # type: ignore[call-overload]
