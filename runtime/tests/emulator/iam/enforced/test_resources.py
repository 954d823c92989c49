"""A resource is what a policy calls it, whatever the request calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runtime.tests.emulator.iam.enforced.acting import ACCOUNT, Acting, allow, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws


def test_a_key_is_decided_by_its_id_whatever_it_is_called(
    acting: Callable[..., Acting], aws: LocalAws, store: Any, unique: Callable[[str], str]
) -> None:
    """By its alias, and by what was encrypted with it, which says by itself under which key."""
    owner, alias = aws.client("kms"), unique("alias/mine")
    mine, other = (owner.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    owner.create_alias(AliasName=alias, TargetKeyId=mine)
    role = acting(allow("s3:PutObject"), allow("kms:Decrypt", Resource=mine))
    kms = role.client("kms")
    sealed = [owner.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"] for key in (mine, other)]
    assert kms.decrypt(CiphertextBlob=sealed[0])["Plaintext"] == b"x"
    message = refused(lambda: kms.decrypt(CiphertextBlob=sealed[1]))[1]
    assert f"kms:Decrypt on resource: {other} because" in message
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": alias}
    put = {"Bucket": store.bucket, "Key": "k", **encrypted}
    message = refused(lambda: role.client("s3").put_object(**put))[1]
    assert f"kms:GenerateDataKey on resource: {mine} because" in message


def test_a_secret_is_called_what_the_caller_called_it(
    acting: Callable[..., Acting], aws: LocalAws, unique: Callable[[str], str]
) -> None:
    name, role = unique("secret"), acting()
    arn = aws.client("secretsmanager").create_secret(Name=name, SecretString="x")["ARN"]
    secrets = role.client("secretsmanager")
    for given in (name, arn):
        message = refused(lambda given=given: secrets.get_secret_value(SecretId=given))[1]  # type: ignore[misc]
        assert f"secretsmanager:GetSecretValue on resource: {given} because" in message
    role.may(allow("secretsmanager:GetSecretValue", Resource=f"{arn[:-6]}??????"))
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "x"


def test_an_object_that_may_not_be_listed_is_not_told_from_one_that_is_not_there(
    acting: Callable[..., Acting], store: Any
) -> None:
    place = f"arn:aws:s3:::{store.bucket}"
    role = acting(allow("s3:GetObject", Resource=f"{place}/in/*"))
    store.put(in__k="yes", out__k="no")
    s3 = role.client("s3")
    assert s3.get_object(Bucket=store.bucket, Key="in/k")["Body"].read() == b"yes"
    code, message, status = refused(lambda: s3.get_object(Bucket=store.bucket, Key="out/k"))
    assert (code, status) == ("AccessDenied", 403)
    assert f'perform: s3:GetObject on resource: "{place}/out/k" because no' in message
    assert refused(lambda: s3.head_object(Bucket=store.bucket, Key="out/k"))[::2] == ("403", 403)
    assert refused(lambda: s3.get_object(Bucket=store.bucket, Key="in/none"))[0] == "AccessDenied"
    role.may(
        allow("s3:GetObject", Resource=f"{place}/in/*"), allow("s3:ListBucket", Resource=place)
    )
    assert refused(lambda: s3.get_object(Bucket=store.bucket, Key="in/none"))[0] == "NoSuchKey"


def test_of_several_deletions_those_that_may_not_be_are_named(
    acting: Callable[..., Acting], store: Any
) -> None:
    role = acting(allow("s3:DeleteObject", Resource=f"arn:aws:s3:::{store.bucket}/in/*"))
    store.put(in__k="", out__k="")
    keys = [{"Key": "in/k"}, {"Key": "out/k"}]
    answer = role.client("s3").delete_objects(Bucket=store.bucket, Delete={"Objects": keys})
    assert [one["Key"] for one in answer["Deleted"]] == ["in/k"]
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("out/k", "AccessDenied")]
    assert store.keys() == ["out/k"]


def test_a_list_may_be_limited_to_a_prefix(acting: Callable[..., Acting], store: Any) -> None:
    under = {"StringLike": {"s3:prefix": "in/*"}}
    role = acting(allow("s3:ListBucket", Condition=under))
    s3 = role.client("s3")
    s3.list_objects_v2(Bucket=store.bucket, Prefix="in/a")
    assert refused(lambda: s3.list_objects_v2(Bucket=store.bucket))[0] == "AccessDenied"


def test_a_function_is_invoked_by_the_name_that_a_policy_has(acting: Callable[..., Acting]) -> None:
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
    functions = acting(allow("lambda:InvokeFunction", Resource=arn)).client("lambda")
    assert refused(lambda: functions.invoke(FunctionName="f"))[0] == "ResourceNotFoundException"
    for named in ({"FunctionName": arn, "Qualifier": "$LATEST"}, {"FunctionName": "f:$LATEST"}):
        message = refused(lambda named=named: functions.invoke(**named))[1]  # type: ignore[misc]
        assert f"lambda:InvokeFunction on resource: {arn}:$LATEST because" in message
