"""Network settings of the Processing jobs, and how they reach the state machine."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from batcat_runtime.errors import ConfigError

from .definition import job_states

# Source: Amazon SageMaker API Reference, NetworkConfig; the names on the right are those of the
# SageMaker SDK's class of the same name.
_ATTRIBUTES = {
    "EnableNetworkIsolation": "enable_network_isolation",
    "EnableInterContainerTrafficEncryption": "encrypt_inter_container_traffic",
}
_VPC = {"SecurityGroupIds": "security_group_ids", "Subnets": "subnets"}


def network_settings(
    network_config: Any = None,
    *,
    enable_network_isolation: bool | None = None,
    security_group_ids: list[str] | None = None,
    subnets: list[str] | None = None,
) -> dict[str, Any]:
    """Bring every way of giving network settings into the form of the API.

    Args:
        network_config: a mapping in the form of the SageMaker API, or the SageMaker SDK's
            ``NetworkConfig``.
        enable_network_isolation: whether the steps get no network at all.
        security_group_ids: ids of the VPC's security groups.
        subnets: ids of the VPC's subnets.

    Returns:
        ``NetworkConfig`` of CreateProcessingJob; empty when nothing was set.

    Raises:
        ConfigError: a setting is unknown, is given twice with different values, or is only half
            of what a VPC takes.
    """
    settings = _from_config(network_config)
    vpc = dict(settings.pop("VpcConfig", {}))
    _add(settings, "EnableNetworkIsolation", enable_network_isolation)
    _add(vpc, "SecurityGroupIds", security_group_ids)
    _add(vpc, "Subnets", subnets)
    if vpc and set(vpc) != set(_VPC):
        missing = next(name for key, name in _VPC.items() if key not in vpc)
        raise ConfigError(f"a VPC takes security_group_ids and subnets; {missing} is missing")
    return {**settings, **({"VpcConfig": vpc} if vpc else {})}


def with_network(definition: dict[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Give network settings to every Processing job of a state machine.

    Args:
        definition: in Amazon States Language.
        settings: from :func:`network_settings`.

    Returns:
        A new definition.

    Raises:
        ConfigError: no state makes a Processing job, so the settings would be lost.
    """
    changed = copy.deepcopy(definition)
    jobs = job_states(changed)
    if not jobs:
        raise ConfigError("no state of the workflow makes a Processing job to give a network to")
    for state in jobs.values():
        parameters = state.setdefault("Parameters", {})
        parameters.pop("NetworkConfig.$", None)  # what deploy/config.json says gives way
        parameters["NetworkConfig"] = dict(settings)
    return changed


def _from_config(config: Any) -> dict[str, Any]:
    if config is None:
        return {}
    if not isinstance(config, Mapping):
        return _from_object(config)
    known = {*_ATTRIBUTES, "VpcConfig"}
    unknown = sorted(set(config) - known)
    vpc = config.get("VpcConfig", {})
    unknown += sorted(f"VpcConfig.{key}" for key in set(vpc) - set(_VPC))
    if unknown:
        raise ConfigError(
            f"network_config has {', '.join(unknown)}, which is not known; "
            f"known are {', '.join(sorted(known))}",
        )
    return dict(config)


def _from_object(config: Any) -> dict[str, Any]:
    names = (*_ATTRIBUTES.values(), *_VPC.values())
    if not any(hasattr(config, name) for name in names):
        raise ConfigError(
            f"network_config is {type(config).__name__}; give a mapping such as "
            '{"EnableNetworkIsolation": True}, or the SageMaker SDK\'s NetworkConfig',
        )
    settings: dict[str, Any] = {}
    for key, name in _ATTRIBUTES.items():
        _add(settings, key, getattr(config, name, None))
    vpc: dict[str, Any] = {}
    for key, name in _VPC.items():
        _add(vpc, key, getattr(config, name, None))
    return {**settings, **({"VpcConfig": vpc} if vpc else {})}


def _add(settings: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        return
    value = list(value) if isinstance(value, (list, tuple)) else value
    if settings.setdefault(key, value) != value:
        raise ConfigError(
            f"network_config says {key} {settings[key]!r}, but the argument says {value!r}; "
            "say it once",
        )
