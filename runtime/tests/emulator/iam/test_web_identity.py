"""A job of continuous integration gets into an account with its provider's token alone."""

from __future__ import annotations

import base64
import json
import time
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from batcat_runtime.emulator import LocalAws

ACCOUNT = "123456789012"
GITHUB, GITLAB = "token.actions.githubusercontent.com", "gitlab.example.com"
AUDIENCES = {GITHUB: "sts.amazonaws.com", GITLAB: f"https://{GITLAB}"}
WITH_IDS = "repo:octo@1/app@2:environment:dev"
WITHOUT_IDS = "repo:octo/app:environment:dev"
OF_GITLAB = "project_path:group/app:ref_type:branch:ref:main"
REFUSED = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)


def token(host: str, subject: str, **claims: Any) -> str:
    """What a provider would sign; nothing here looks at the signature."""
    said: dict[str, Any] = {
        "iss": f"https://{host}",
        "aud": AUDIENCES.get(host, "x"),
        "sub": subject,
    }
    said |= {"exp": int(time.time()) + 300, **claims}
    documents = ({"alg": "RS256", "typ": "JWT"}, {k: v for k, v in said.items() if v is not None})
    return ".".join([*map(encoded, documents), "c2lnbmVk"])


def encoded(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def trusting(host: str, subject: str, operator: str = "StringEquals") -> dict[str, Any]:
    """A statement that lets in one subject of a provider."""
    said = {f"{host}:aud": AUDIENCES[host], f"{host}:sub": subject}
    return {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{host}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {operator: said},
    }


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Account:
    """An account, and what a job without any key can do with it."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws, self.iam, self.roles = aws, aws.client("iam"), count(1)
        self.sts = aws.client("sts", config=Config(signature_version=UNSIGNED))

    def role(self, *statements: dict[str, Any], **more: Any) -> str:
        """Make a role with a trust policy of these statements."""
        made = self.iam.create_role(
            RoleName=f"ci-{next(self.roles)}",
            AssumeRolePolicyDocument=document(*statements),
            **more,
        )
        return str(made["Role"]["Arn"])

    def enter(self, role: str, text: str, **more: Any) -> dict[str, Any]:
        """Take the role with a token."""
        given = {"RoleArn": role, "RoleSessionName": "job", "WebIdentityToken": text, **more}
        return dict(self.sts.assume_role_with_web_identity(**given))

    def refusal(self, role: str, text: str, **more: Any) -> tuple[str, str, int]:
        """Code, message and status of a refusal."""
        with pytest.raises(ClientError) as caught:
            self.enter(role, text, **more)
        told = caught.value.response
        status = told["ResponseMetadata"]["HTTPStatusCode"]
        return told["Error"]["Code"], told["Error"]["Message"], status


@pytest.fixture(scope="module")
def account(aws: LocalAws) -> Iterator[Account]:
    """It trusts two providers for as long as this module's tests run."""
    iam = aws.client("iam")
    for host, audience in AUDIENCES.items():
        iam.create_open_id_connect_provider(Url=f"https://{host}", ClientIDList=[audience])
    yield Account(aws)
    for one in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=one["Arn"])


@pytest.mark.parametrize(
    ("trusted", "subject", "enters"),
    [
        (WITH_IDS, WITH_IDS, True),
        (WITHOUT_IDS, WITH_IDS, False),
        (WITHOUT_IDS, WITHOUT_IDS, True),
        (WITH_IDS, WITHOUT_IDS, False),
        (WITH_IDS, "repo:octo@1/app@2:pull_request", False),
        ("repo:octo@1/app@2:*", WITH_IDS, False),
        (OF_GITLAB, OF_GITLAB, True),
        (OF_GITLAB, OF_GITLAB.replace("main", "other"), False),
    ],
)
def test_a_role_lets_in_the_subject_it_names(
    account: Account, trusted: str, subject: str, enters: bool
) -> None:
    """Names with ids are other names: a policy of before they came lets no new repository in."""
    host = GITLAB if trusted == OF_GITLAB else GITHUB
    role, text = account.role(trusting(host, trusted)), token(host, subject)
    if not enters:
        assert account.refusal(role, text) == REFUSED
        return
    given = account.enter(role, text)
    assert given["AssumedRoleUser"]["Arn"] == (
        f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.rpartition('/')[2]}/job"
    )
    assert (given["SubjectFromWebIdentityToken"], given["Audience"], given["Provider"]) == (
        subject, AUDIENCES[host], f"https://{host}"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("host", "claims", "code", "message"),
    [
        (GITHUB, {"aud": "https://github.com/octo"}, "InvalidIdentityToken",
         "Incorrect token audience"),
        ("elsewhere.example", {}, "InvalidIdentityToken",
         "No OpenIDConnect provider found in your account for https://elsewhere.example"),
        (GITHUB, {"iss": GITHUB}, "InvalidIdentityToken",
         f"No OpenIDConnect provider found in your account for {GITHUB}"),
        (GITHUB, {"exp": 1_700_000_000}, "ExpiredTokenException",
         "must be before the expiration date/time 1700000000"),
        (GITHUB, {"sub": None}, "InvalidIdentityToken", "Missing a required claim: sub"),
        (GITHUB, {"exp": "soon"}, "InvalidIdentityToken", "claim exp is of a wrong type"),
        (GITHUB, {"azp": "x"}, "NotEmulated", "the token's claim azp"),
        (GITHUB, {"aud": ["x", "sts.amazonaws.com"]}, "NotEmulated", "several audiences"),
    ],
    ids=["audience", "provider", "scheme", "time", "subject", "type", "party", "audiences"],
)  # fmt: skip
def test_a_wrong_token_is_refused(
    account: Account, host: str, claims: dict[str, Any], code: str, message: str
) -> None:
    role = account.role(trusting(GITHUB, WITH_IDS))
    found = account.refusal(role, token(host, WITH_IDS, **claims))
    assert (found[0], message in found[1]) == (code, True), found


@pytest.mark.parametrize(
    ("place", "part"),
    [(0, encoded([])), (0, encoded({"alg": "none"})), (1, "%%%"), (1, encoded("x")), (2, "a.b")],
    ids=["no header", "unsigned", "no base64", "no claims", "four parts"],
)
def test_what_is_no_token_is_refused(account: Account, place: int, part: str) -> None:
    role, parts = account.role(trusting(GITHUB, WITH_IDS)), token(GITHUB, WITH_IDS).split(".")
    parts[place] = part
    assert account.refusal(role, ".".join(parts))[0] == "InvalidIdentityToken"


def test_a_token_is_taken_five_minutes_longer(account: Account) -> None:
    """As IAM's user guide has it, for clocks that differ."""
    role = account.role(trusting(GITHUB, WITH_IDS))
    assert account.enter(role, token(GITHUB, WITH_IDS, exp=int(time.time()) - 200))


def test_a_pattern_lets_in_whom_it_fits(account: Account) -> None:
    role = account.role(trusting(GITHUB, "repo:octo@1/app@2:*", "StringLike"))
    assert account.enter(role, token(GITHUB, WITH_IDS))
    assert account.refusal(role, token(GITHUB, WITHOUT_IDS)) == REFUSED


def test_a_denial_wins_and_another_provider_is_not_meant(account: Account) -> None:
    allow, aud = trusting(GITHUB, WITH_IDS), f"{GITHUB}:aud"
    deny = {**allow, "Effect": "Deny", "Condition": {"StringNotEquals": {aud: "x"}}}
    everyone = {**deny, "Principal": "*"}
    for statements in (
        (allow, deny),
        (allow, everyone),
        (trusting(GITLAB, OF_GITLAB),),
        ({**allow, "Action": "sts:AssumeRole"},),
        ({**allow, "Principal": {"AWS": ACCOUNT}},),
    ):
        assert account.refusal(account.role(*statements), token(GITHUB, WITH_IDS)) == REFUSED
    missing = f"arn:aws:iam::{ACCOUNT}:role/missing"
    assert account.refusal(missing, token(GITHUB, WITH_IDS)) == REFUSED


def test_other_claims_are_conditions_where_aws_knows_them(account: Account) -> None:
    """GitHub's since 2026; an absent claim lets nobody in, an unknown key is refused by name."""
    asked = trusting(GITHUB, WITH_IDS)
    asked["Condition"]["StringEquals"][f"{GITHUB}:repository_id"] = "2"
    role = account.role(asked)
    assert account.enter(role, token(GITHUB, WITH_IDS, repository_id="2"))
    assert account.refusal(role, token(GITHUB, WITH_IDS, repository_id="3")) == REFUSED
    assert account.refusal(role, token(GITHUB, WITH_IDS)) == REFUSED
    asked["Condition"]["StringEquals"][f"{GITHUB}:runner"] = "x"
    code, message, _ = account.refusal(account.role(asked), token(GITHUB, WITH_IDS, runner="x"))
    assert (code, f"condition key {GITHUB}:runner" in message) == ("NotEmulated", True)


@pytest.mark.parametrize("claim", ["project_id", "environment"])
def test_a_gitlab_of_ones_own_gives_no_conditions_but_its_subject(
    account: Account, claim: str
) -> None:
    """What gitlab.com gives is shown with its jobs, in the template's tests."""
    asked = trusting(GITLAB, OF_GITLAB)
    asked["Condition"]["StringEquals"][f"{GITLAB}:{claim}"] = "42"
    text = token(GITLAB, OF_GITLAB, **{claim: "42"})
    code, message, _ = account.refusal(account.role(asked), text)
    assert (code, f"condition key {GITLAB}:{claim}" in message) == ("NotEmulated", True)


def test_a_session_is_no_longer_than_the_role_allows(account: Account) -> None:
    role = account.role(trusting(GITHUB, WITH_IDS), MaxSessionDuration=7200)
    assert account.enter(role, token(GITHUB, WITH_IDS), DurationSeconds=7200)
    found = account.refusal(role, token(GITHUB, WITH_IDS), DurationSeconds=7201)
    assert found[0] == "ValidationError"


@pytest.mark.parametrize("way", ["environment", "profile"])
def test_boto3_gets_in_by_itself_and_may_do_what_the_role_may(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """With the two variables that runners set, or with a profile; no key is anywhere."""
    role = account.role(trusting(GITHUB, WITH_IDS))
    name, bucket = role.rpartition("/")[2], f"web-identity-{way}"
    may = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"}
    account.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(may))
    account.aws.client("s3").create_bucket(Bucket=bucket)
    there, config = tmp_path / "token", tmp_path / "config"
    there.write_text(token(GITHUB, WITH_IDS), encoding="utf-8")
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", account.aws.url)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    if way == "environment":
        monkeypatch.setenv("AWS_ROLE_ARN", role)
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(there))
        session = boto3.Session(region_name="eu-west-1")
    else:
        lines = ("[profile ci]", f"role_arn = {role}", f"web_identity_token_file = {there}")
        config.write_text("\n".join(lines), encoding="utf-8")
        session = boto3.Session(profile_name="ci", region_name="eu-west-1")
    caller = session.client("sts").get_caller_identity()["Arn"]
    assert caller.startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/botocore-session-")
    s3 = session.client("s3")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    with pytest.raises(ClientError, match="because no identity-based policy allows") as caught:
        s3.put_object(Bucket=bucket, Key="k", Body=b"")
    assert f"User: {caller} is not authorized to perform: s3:PutObject" in str(caught.value)


@pytest.mark.parametrize(
    ("path", "form", "headers"),
    [
        ("/", [("Action", "GetCallerIdentity")], {}),
        ("/", [("Action", "AssumeRole")], {}),
        ("/", [("Action", "AssumeRoleWithWebIdentity"), ("Action", "GetSessionToken")], {}),
        ("/?Action=GetSessionToken", [("Action", "AssumeRoleWithWebIdentity")], {}),
        ("/2015-03-31/functions", [("Action", "AssumeRoleWithWebIdentity")], {}),
        ("/", [("Action", "AssumeRoleWithWebIdentity")], {"Content-Type": "text/plain"}),
        ("/", [("Action", "AssumeRoleWithWebIdentity")], {"Origin": "https://page.example"}),
    ],
    ids=["another", "with keys", "two", "query", "path", "text", "page"],
)
def test_an_unsigned_form_reaches_nothing_else(
    aws: LocalAws, path: str, form: list[tuple[str, str]], headers: dict[str, str]
) -> None:
    """Any web page can send one."""
    request = Request(f"{aws.url}{path}", urlencode(form).encode(), headers)  # noqa: S310 - this machine
    with pytest.raises(HTTPError) as caught:
        urlopen(request)  # noqa: S310 - as above
    said = "does not answer web pages" if headers.get("Origin") else "is not signed"
    assert (caught.value.code, said in caught.value.read().decode()) == (403, True)


def test_providers_are_kept_as_they_were_made(aws: LocalAws, unique: Callable[[str], str]) -> None:
    """Thumbprints are optional; client ids and tags come and go; twice is once."""
    iam, url = aws.client("iam"), f"https://{unique('idp')}.example/path"
    arn = iam.create_open_id_connect_provider(Url=url, Tags=[{"Key": "a", "Value": "1"}])[
        "OpenIDConnectProviderArn"
    ]
    assert arn == f"arn:aws:iam::{ACCOUNT}:oidc-provider/{url.removeprefix('https://')}"
    one = {"OpenIDConnectProviderArn": arn}
    for name in ("x", "y", "x"):
        iam.add_client_id_to_open_id_connect_provider(**one, ClientID=name)
    for _ in range(2):
        iam.remove_client_id_from_open_id_connect_provider(**one, ClientID="y")
    iam.tag_open_id_connect_provider(**one, Tags=[{"Key": "b", "Value": "2"}])
    iam.untag_open_id_connect_provider(**one, TagKeys=["a"])
    found = iam.get_open_id_connect_provider(**one)
    assert (found["Url"], found["ClientIDList"], found["ThumbprintList"], found["Tags"]) == (
        url.removeprefix("https://"), ["x"], [], [{"Key": "b", "Value": "2"}]
    )  # fmt: skip
    with pytest.raises(ClientError, match=f"Provider with url {url} already exists") as caught:
        iam.create_open_id_connect_provider(Url=url)
    assert caught.value.response["Error"]["Code"] == "EntityAlreadyExists"
    with pytest.raises(ClientError, match="Invalid Open ID Connect Provider URL"):
        iam.create_open_id_connect_provider(Url=url.replace("https", "http"))
    for _ in range(2):
        iam.delete_open_id_connect_provider(**one)
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_open_id_connect_provider(**one)
