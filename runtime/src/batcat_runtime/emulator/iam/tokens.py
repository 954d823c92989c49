"""What the token of an identity provider says: the claims of a JSON Web Token (RFC 7519); pure.

Its signature is not checked: nothing here can ask a provider for its keys.

Codes are those of AssumeRoleWithWebIdentity in botocore's model of STS; what AWS says of a missing
claim is quoted by users (aws-sdk-ruby issue 2698, configure-aws-credentials issue 502).
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

SCHEME = "https://"
PARTS = 3
REQUIRED = ("iss", "aud", "sub", "exp")
NOT_EMULATED = ("azp", "https://aws.amazon.com/tags", "https://aws.amazon.com/source_identity")
"""Claims that would change what ``aud`` means, or what the session may do.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
and id_session-tags.html.
"""

KEYS = ("amr", "aud", "email", "sub")
"""Claims of any provider that are condition keys, behind the provider's address and a colon.

Source: "Available keys for AWS OIDC federation" in the first page above; others are not in the
request there, whatever the token says.
"""

OF_PROVIDERS = {
    "token.actions.githubusercontent.com": (
        *("actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref", "ref"),
        *("repository", "repository_id", "workflow"),
    ),
    "gitlab.com": (
        *("namespace_id", "pipeline_source", "project_id", "ref_protected"),
        *("runner_environment", "user_access_level", "user_email", "user_id", "user_login"),
    ),
}
"""Claims that AWS takes from one provider alone; not from a GitLab of one's own.

Sources: https://aws.amazon.com/about-aws/whats-new/2026/01/aws-sts-supports-validation-identity-provider-claims/,
the condition keys of STS in the Service Authorization Reference, and
https://docs.gitlab.com/ci/cloud_services/aws/. None is the environment that a job deploys to.
"""


@dataclass(frozen=True)
class Token:
    """A token that says what it must.

    Attributes:
        issuer: its provider's address, with ``https://``.
        audience: whom it is for.
        subject: whom it is about.
        expires: seconds since 1970.
        claims: everything it says.
    """

    issuer: str
    audience: str
    subject: str
    expires: float
    claims: dict[str, Any]

    @property
    def provider(self) -> str:
        """The provider's address as ARNs and condition keys have it."""
        return self.issuer.removeprefix(SCHEME)

    def keys(self) -> dict[str, tuple[str, ...]]:
        """Condition keys that it gives a request, in lower case."""
        given = {**self.claims, "aud": self.audience}
        names = (*KEYS, *OF_PROVIDERS.get(self.provider, ()))
        return {
            f"{self.provider}:{name}".lower(): tuple(map(str, _listed(given[name])))
            for name in names
            if name in given
        }


def is_key(key: str) -> bool:
    """Whether a condition key, in lower case, is one that some token gives."""
    provider, _, name = key.rpartition(":")
    return "." in provider and name in (*KEYS, *OF_PROVIDERS.get(provider, ()))


def read(text: str) -> Token:
    """Read a token.

    Args:
        text: header, claims and signature, as the provider has made them.

    Raises:
        ServiceError: it is none, or a claim is missing or of a wrong type.
        NotEmulated: it has a claim that nothing here would heed.
    """
    claims = _claims(text)
    for name in REQUIRED:
        if claims.get(name) in (None, "", []):
            raise _invalid(f"Missing a required claim: {name}")
    for name in NOT_EMULATED:
        if name in claims:
            raise NotEmulated(f"sts AssumeRoleWithWebIdentity with the token's claim {name}")
    audiences = _listed(claims["aud"])
    if len(audiences) > 1:
        raise NotEmulated("sts AssumeRoleWithWebIdentity with a token for several audiences")
    for name, value in {**claims, "aud": audiences[0]}.items():
        if name in REQUIRED and not isinstance(value, (int, float) if name == "exp" else str):
            raise _invalid(f"the web identity token's claim {name} is of a wrong type")
    return Token(claims["iss"], audiences[0], claims["sub"], float(claims["exp"]), claims)


def _claims(text: str) -> dict[str, Any]:
    parts = text.split(".")
    documents = [_document(part) for part in parts[:2]]
    if len(parts) != PARTS or not all(documents):
        raise _invalid(
            "the web identity token is no JSON Web Token: it must be three parts with dots "
            "between them, of which the first two are JSON objects in base64url"
        )
    header, claims = documents
    if str(header.get("alg", "none")).lower() == "none":
        raise _invalid("the web identity token is not signed: its header names no algorithm")
    return claims


def _document(part: str) -> dict[str, Any]:
    """A part's members; none if it is no object."""
    try:
        document = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:  # of JSON, of its encoding, of base64
        return {}
    return document if isinstance(document, dict) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidIdentityToken", message)
