"""Step Functions state machines."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from .base import ANY, Handler, Properties, Task, changed_tags, lower_first, tags_of


class StateMachine(Handler):
    """``AWS::StepFunctions::StateMachine``."""

    properties: ClassVar[Properties] = {
        "Definition": ANY,
        "DefinitionS3Location": {"Bucket": ANY, "Key": ANY, "Version": ANY},
        "DefinitionString": ANY,
        "DefinitionSubstitutions": ANY,
        "LoggingConfiguration": ANY,
        "RoleArn": ANY,
        "StateMachineName": ANY,
        "StateMachineType": ANY,
        "Tags": ANY,
        "TracingConfiguration": ANY,
    }
    attributes = frozenset({"Arn", "Name"})

    def refused(self, properties: Properties) -> str | None:
        """Express state machines and X-Ray traces are not emulated."""
        if properties.get("StateMachineType") == "EXPRESS":
            return "StateMachineType EXPRESS"
        if (properties.get("TracingConfiguration") or {}).get("Enabled") is True:
            return "TracingConfiguration.Enabled true"
        return None

    def create(self, task: Task, properties: Properties) -> str:
        """Make the state machine from its definition with the substitutions filled in."""
        made = task.client("stepfunctions").create_state_machine(
            name=properties.get("StateMachineName") or task.name(80, stack=False),
            type=properties.get("StateMachineType", "STANDARD"),
            **_settings(task, properties),
            **({"tags": _tags(tags_of(properties))} if properties.get("Tags") else {}),
        )
        task.began(made["stateMachineArn"])
        return str(made["stateMachineArn"])

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Change definition, role, logging, tracing and tags; running executions go on."""
        states = task.client("stepfunctions")
        settings = _settings(task, new)
        settings.setdefault("loggingConfiguration", {"level": "OFF"})
        settings.setdefault("tracingConfiguration", {"enabled": False})
        states.update_state_machine(stateMachineArn=physical_id, **settings)
        add, remove = changed_tags(new, old)
        if add:
            states.tag_resource(resourceArn=physical_id, tags=_tags(add))
        if remove:
            states.untag_resource(resourceArn=physical_id, tagKeys=remove)

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        """Remove the state machine."""
        task.client("stepfunctions").delete_state_machine(stateMachineArn=physical_id)

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """Its ARN and name."""
        return {"Arn": physical_id, "Name": physical_id.rsplit(":", 1)[-1]}


def _settings(task: Task, properties: Properties) -> dict[str, Any]:
    settings = {"definition": _definition(task, properties), "roleArn": properties["RoleArn"]}
    if "LoggingConfiguration" in properties:
        settings["loggingConfiguration"] = lower_first(properties["LoggingConfiguration"])
    if "TracingConfiguration" in properties:
        settings["tracingConfiguration"] = lower_first(properties["TracingConfiguration"])
    return settings


def _definition(task: Task, properties: Properties) -> str:
    """The definition's text; ``${Name}`` in it is replaced as DefinitionSubstitutions says."""
    if "DefinitionS3Location" in properties:
        place = properties["DefinitionS3Location"]
        version = {"VersionId": place["Version"]} if place.get("Version") else {}
        answer = task.client("s3").get_object(Bucket=place["Bucket"], Key=place["Key"], **version)
        text: str = answer["Body"].read().decode()
    else:
        text = properties.get("DefinitionString") or json.dumps(properties.get("Definition", {}))
    for name, value in (properties.get("DefinitionSubstitutions") or {}).items():
        text = text.replace("${" + name + "}", _substitute(value))
    return text


def _substitute(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]
