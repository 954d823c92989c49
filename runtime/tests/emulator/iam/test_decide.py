"""Policy evaluation within one account, as AWS documents it."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcat_runtime.emulator.iam import statements
from batcat_runtime.emulator.iam.decide import (
    Decision,
    Policies,
    Principal,
    Request,
    decide,
    depends_on,
)
from batcat_runtime.emulator.permits import Act, permits

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/path/x"
CALLER = Principal(f"arn:aws:sts::{ACCOUNT}:assumed-role/x/s", ACCOUNT, ROLE)
OBJECT = "arn:aws:s3:::b/in/k"


def statement(effect: str = "Allow", **parts: Any) -> dict[str, Any]:
    given = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*", **parts}
    return {"Effect": effect, **{name: value for name, value in given.items() if value is not None}}


def policy(*found: dict[str, Any], version: str = "2012-10-17") -> statements.Policy:
    return statements.read("p", json.dumps({"Version": version, "Statement": list(found)}))


def asked(action: str = "s3:GetObject", resource: str = OBJECT, **context: str) -> Request:
    keys = {name.replace("__", ":"): (value,) for name, value in context.items()}
    return Request(CALLER, action, resource, keys)


def allowed(*policies: statements.Policy, request: Request | None = None, **more: Any) -> bool:
    return decide(request or asked(), Policies(policies, **more)).allowed


ANY = statement(Action="*", Resource="*")
ALLOW, DENY = policy(statement()), policy(statement("Deny"))


def test_nothing_is_allowed_by_itself() -> None:
    assert decide(asked(), Policies()) == Decision(
        False, (), "because no identity-based policy allows the s3:GetObject action"
    )


def test_an_allow_is_enough_and_is_named() -> None:
    found = decide(asked(), Policies((policy(statement(Action="s3:Put*"), statement()),)))
    assert found.allowed
    assert [(where.name, one.index) for where, one in found.by] == [("p", 1)]


@pytest.mark.parametrize("kind", ["identity-based policy", "resource-based policy",
                                  "permissions boundary", "session policy"])  # fmt: skip
def test_a_deny_anywhere_wins(kind: str) -> None:
    also: dict[str, dict[str, Any]] = {
        "identity-based policy": {"identity": (ALLOW, DENY)},
        "resource-based policy": {"resource": policy(statement("Deny", Principal="*"))},
        "permissions boundary": {"boundary": policy(ANY, statement("Deny"))},
        "session policy": {"session": policy(ANY, statement("Deny"))},
    }
    found = decide(asked(), Policies(**{"identity": (ALLOW,), **also[kind]}))
    assert not found.allowed
    assert found.why == f"with an explicit deny in a{'n' if kind[0] == 'i' else ''} {kind}"


@pytest.mark.parametrize(
    ("parts", "answer"),
    [
        ({"Action": "S3:getobject"}, True),
        ({"Action": "s3:Get?bject"}, True),
        ({"Action": ["s3:PutObject", "s3:G*"]}, True),
        ({"Action": "s3:GetObjectAcl"}, False),
        ({"Action": None, "NotAction": "iam:*"}, True),
        ({"Action": None, "NotAction": ["iam:*", "s3:*"]}, False),
        ({"Resource": "arn:aws:s3:::b/in/?"}, True),
        ({"Resource": "arn:aws:s3:::B/in/k"}, False),
        ({"Resource": "arn:aws:s3:::b/[a-z]n/k"}, False),
        ({"Resource": "arn:aws:s3:::b"}, False),
        ({"Resource": None, "NotResource": "arn:aws:s3:::b/out/*"}, True),
        ({"Resource": None, "NotResource": "arn:aws:s3:::b/*"}, False),
        ({"Resource": "arn:aws:s3:::b/${aws:userid}/*"}, False),
        ({"Resource": "arn:aws:s3:::b/${s3:prefix}/*"}, True),
        ({"Condition": {"StringEquals": {"s3:prefix": "in"}}}, True),
        ({"Condition": {"StringEquals": {"s3:prefix": "out"}}}, False),
    ],
    ids=str,
)
def test_what_a_statement_is_about(parts: dict[str, Any], answer: bool) -> None:
    request = asked(s3__prefix="in")
    assert allowed(policy(statement(**parts)), request=request) is answer


def test_a_boundary_and_a_session_policy_must_allow_as_well() -> None:
    no = policy(statement(Action="s3:PutObject"))
    for name, kind in (("boundary", "permissions boundary"), ("session", "session policy")):
        limit, strict = {name: policy(ANY)}, {name: no}
        assert decide(asked(), Policies((ALLOW,), **limit)).allowed
        found = decide(asked(), Policies((ALLOW,), **strict))
        assert found.why == f"because no {kind} allows the s3:GetObject action"
        assert not decide(asked(), Policies((), **limit)).allowed, "they grant nothing themselves"


@pytest.mark.parametrize(
    ("principal", "alone", "bounded"),
    [
        ("*", True, True),
        ({"AWS": "*"}, True, True),
        ({"AWS": CALLER.arn}, True, True),
        ({"AWS": ROLE}, True, False),
        ({"AWS": ACCOUNT}, False, False),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, False, False),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/y"}, False, False),
        ({"Service": "events.amazonaws.com"}, False, False),
    ],
    ids=str,
)
def test_a_resources_policy_is_enough(principal: Any, alone: bool, bounded: bool) -> None:
    """To a session or everyone directly; to its role within the boundary; never to the account."""
    resource = policy(statement(Principal=principal))
    assert allowed(resource=resource) is alone
    assert allowed(resource=resource, boundary=policy(statement(Action="iam:*"))) is bounded
    assert allowed(ALLOW, resource=resource)


def test_a_resources_policy_denies_the_account_and_everyone_but_some() -> None:
    for principal in (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", ROLE, CALLER.arn, "*"):
        denying = policy(statement("Deny", Principal={"AWS": principal}))
        assert not allowed(ALLOW, resource=denying)
    others = policy(statement("Deny", NotPrincipal={"AWS": [ROLE, CALLER.arn]}))
    assert allowed(ALLOW, resource=others)
    assert not allowed(ALLOW, resource=policy(statement("Deny", NotPrincipal={"AWS": f"{ROLE}y"})))


def test_the_administrator_may_do_what_is_not_denied() -> None:
    admin = Request(
        Principal(f"arn:aws:iam::{ACCOUNT}:user/a", ACCOUNT), "s3:GetObject", OBJECT, {}
    )
    assert decide(admin, Policies(None)).allowed
    assert not decide(
        admin, Policies(None, resource=policy(statement("Deny", Principal="*")))
    ).allowed


def test_a_service_may_do_what_the_resources_policy_allows_it() -> None:
    events = Principal("events.amazonaws.com", "", service=True)
    request = Request(events, "s3:GetObject", OBJECT, {})
    yes = policy(statement(Principal={"Service": "events.amazonaws.com"}))
    assert decide(request, Policies(resource=yes)).allowed
    no = decide(
        request, Policies(resource=policy(statement(Principal={"Service": "s3.amazonaws.com"})))
    )
    assert no.why == "because no resource-based policy allows the s3:GetObject action"


@pytest.mark.parametrize(
    ("denied", "answer"),
    [
        (None, True),
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, False),
        ({"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}, True),
        ({"ArnNotLike": {"aws:SourceArn": "arn:aws:events:*:*:rule/x"}}, False),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
        ({"StringEqualsIgnoreCase": {"aws:SourceAccount": ACCOUNT}}, False),
    ],
    ids=str,
)
def test_a_service_is_stopped_by_a_condition(denied: Any, answer: bool) -> None:
    """Under a key that it has, and under one that it has not if the operator is a negation."""
    queue, rule = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q", f"arn:aws:events:us-east-1:{ACCOUNT}:rule/y"
    let = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:*"}
    found = [{**let, "Resource": queue}]
    if denied:
        found += [{**found[0], "Effect": "Deny", "Condition": denied}]
    text = json.dumps({"Version": "2012-10-17", "Statement": found})
    act = Act("events.amazonaws.com", "sqs:SendMessage", queue, rule, ACCOUNT)
    assert permits(text, act) is answer
    assert not permits(None, act)


def test_the_keys_that_an_answer_depends_on() -> None:
    about = statement(Resource="arn:aws:s3:::b/${aws:PrincipalTag/team, 'x'}*",
                      Condition={"StringEquals": {"s3:Prefix": "${aws:userid}"}})  # fmt: skip
    other = statement(Action="iam:*", Condition={"Bool": {"aws:other": "true"}})
    request = asked(**{"aws:principaltag/team": "in"})
    found = depends_on(request, Policies((policy(about, other),)))
    assert found == {"aws:principaltag/team", "s3:prefix", "aws:userid"}


ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:GetObjectAcl", "iam:GetRole")
PLACES = ("arn:aws:s3:::b/in/k", "arn:aws:s3:::b/out/k", "arn:aws:s3:::c/in/k")
_patterns = st.sampled_from(["*", "s3:*", "s3:Get*", "s3:GetObject", "iam:?etRole", "s3:Put*"])
_places = st.sampled_from(["*", "arn:aws:s3:::b/*", "arn:aws:s3:::?/in/*", PLACES[0]])
_statement = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Allow", "Deny"]),
        "Action": st.lists(_patterns, min_size=1, max_size=2),
        "Resource": st.lists(_places, min_size=1, max_size=2),
    }
)
_document = st.lists(_statement, min_size=1, max_size=3)


def naively(documents: list[list[dict[str, Any]]], action: str, place: str) -> set[str]:
    """Effects of the statements that are about an action on a place, by fnmatch alone."""
    return {
        one["Effect"]
        for document in documents
        for one in document
        if any(fnmatchcase(action, pattern) for pattern in one["Action"])
        and any(fnmatchcase(place, pattern) for pattern in one["Resource"])
    }


@given(
    st.lists(_document, max_size=3),
    st.one_of(st.none(), _document),
    st.sampled_from(ACTIONS),
    st.sampled_from(PLACES),
)
def test_it_decides_as_a_naive_evaluator_does(
    identity: list[Any], boundary: Any, action: str, place: str
) -> None:
    policies = Policies(
        tuple(policy(*document) for document in identity),
        policy(*boundary) if boundary else None,
    )
    effects = naively(identity, action, place)
    limits = naively([boundary], action, place) if boundary else {"Allow"}
    wanted = effects == {"Allow"} and limits == {"Allow"}
    assert decide(asked(action, place), policies).allowed is wanted
