"""A service that speaks CBOR understands JSON and query as well, as older clients speak them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

if TYPE_CHECKING:
    from .conftest import Watch

TARGET = "GraniteServiceVersion20100801"


def send(
    watch: Watch, headers: dict[str, str], body: str | bytes, path: str = "/"
) -> tuple[int, str]:
    """Status and body of a signed request to CloudWatch."""
    request = AWSRequest("POST", f"{watch.aws.url}{path}", headers=headers, data=body)
    SigV4Auth(Credentials("a", "b"), "monitoring", watch.aws.region).add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    return answer.status_code, answer.content.decode(errors="replace")


def test_the_client_speaks_cbor(watch: Watch) -> None:
    """Else the others would be all that these tests try."""
    assert watch.client.meta.service_model.protocol == "smithy-rpc-v2-cbor"


def test_json(watch: Watch) -> None:
    name = watch.alarm("m")
    headers = {
        "X-Amz-Target": f"{TARGET}.DescribeAlarms",
        "Content-Type": "application/x-amz-json-1.0",
    }
    status, text = send(watch, headers, json.dumps({"AlarmNames": [name]}))
    assert status == 200
    assert json.loads(text)["MetricAlarms"][0]["AlarmName"] == name


def test_query(watch: Watch) -> None:
    name = watch.alarm("m")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = f"Action=DescribeAlarms&Version=2010-08-01&AlarmNames.member.1={name}"
    status, text = send(watch, headers, body)
    assert status == 200
    assert f"<AlarmName>{name}</AlarmName>" in text


def test_a_large_request_is_compressed(watch: Watch) -> None:
    """By the client itself, from 10 KB on."""
    name, values = watch.unique("metric"), [1] * 500
    watch.put(name, *values)
    end = watch.aws.turn_clock(seconds=1)
    (point,) = watch.client.get_metric_statistics(
        Namespace="test",
        MetricName=name,
        Period=86400,
        Statistics=["Sum"],
        StartTime=end - timedelta(hours=1),
        EndTime=end,
    )["Datapoints"]
    assert point["Sum"] == len(values)
    headers = {"X-Amz-Target": f"{TARGET}.DescribeAlarms", "Content-Encoding": "gzip"}
    status, text = send(watch, headers, b"no gzip")
    assert (status, json.loads(text)["__type"]) == (400, "SerializationException")


def test_errors_have_their_codes(watch: Watch) -> None:
    with pytest.raises(ClientError) as raised:
        watch.client.set_alarm_state(AlarmName="nowhere", StateValue="OK", StateReason="r")
    assert raised.value.response["Error"]["Code"] == "ResourceNotFound"
    with pytest.raises(watch.client.exceptions.ResourceNotFound, match="nowhere"):
        watch.client.set_alarm_state(AlarmName="nowhere", StateValue="OK", StateReason="r")


def test_operations_and_members_that_are_not_there(watch: Watch) -> None:
    with pytest.raises(ClientError, match=r"NotEmulated.*PutAnomalyDetector"):
        watch.client.put_anomaly_detector(Namespace="n", MetricName="m", Stat="Sum")
    with pytest.raises(ClientError, match=r"NotEmulated.*IncludeLinkedAccounts"):
        watch.client.list_metrics(IncludeLinkedAccounts=True)
    headers = {"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
    path = f"/service/{TARGET}/operation/ListMetrics"
    assert "SerializationException" in send(watch, headers, b"\xff\xff", path)[1]
    unknown = b"\xa1\x65Apple\x01"
    assert "Apple" in send(watch, headers, unknown, path)[1]
