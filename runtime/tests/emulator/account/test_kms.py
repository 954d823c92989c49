"""Keys encrypt and decrypt, and have names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws


def test_a_key_by_its_name(aws: LocalAws, unique: Callable[[str], str]) -> None:
    kms, alias = aws.client("kms"), unique("alias/mine")
    key = kms.create_key(Description="d", Tags=[{"TagKey": "owner", "TagValue": "me"}])
    name = key["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=alias, TargetKeyId=name)
    assert kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"] == name
    secret = kms.encrypt(KeyId=alias, Plaintext=b"secret")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"secret"
    assert kms.list_resource_tags(KeyId=name)["Tags"] == [{"TagKey": "owner", "TagValue": "me"}]
    kms.enable_key_rotation(KeyId=name)
    assert kms.get_key_rotation_status(KeyId=name)["KeyRotationEnabled"] is True
    kms.delete_alias(AliasName=alias)
    kms.schedule_key_deletion(KeyId=name, PendingWindowInDays=7)
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyState"] == "PendingDeletion"


def test_other_kinds_of_keys_are_refused(aws: LocalAws) -> None:
    with pytest.raises(ClientError, match=r"NotEmulated.*KeySpec=RSA_2048"):
        aws.client("kms").create_key(KeySpec="RSA_2048")
    with pytest.raises(ClientError, match=r"NotEmulated.*CreateGrant"):
        aws.client("kms").create_grant(
            KeyId="k", GranteePrincipal="arn:aws:iam::123456789012:role/r", Operations=["Decrypt"]
        )
