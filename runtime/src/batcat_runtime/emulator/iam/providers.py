"""OpenID Connect providers: what moto lacks of them, and AWS's words where moto has none.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddClientIDToOpenIDConnectProvider.html,
API_RemoveClientIDFromOpenIDConnectProvider.html (both do nothing where there is nothing to do) and
API_CreateOpenIDConnectProvider.html ("The URL must begin with https://"). Thumbprints are optional
and not looked at here; AWS needs them only where a provider's certificate is of no known authority.
"""

from __future__ import annotations

from typing import Any

from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import ServiceError

from .tokens import SCHEME

CLIENT_IDS = 100
"""Of one provider; source: IAM quotas, and moto for CreateOpenIDConnectProvider."""


def patch() -> None:
    """Give moto's IAM the operations."""
    from moto.core.responses import EmptyResult
    from moto.iam.models import IAMBackend
    from moto.iam.responses import IamResponse

    create: Any = IAMBackend.create_open_id_connect_provider
    responses: Any = IamResponse

    def create_open_id_connect_provider(self: Any, url: str, *more: Any) -> Any:
        if not url.startswith(SCHEME) or "?" in url:
            raise ServiceError("ValidationError", "Invalid Open ID Connect Provider URL")
        if any(one.url == url.removeprefix(SCHEME) for one in self.open_id_providers.values()):
            raise ServiceError(
                "EntityAlreadyExists", f"Provider with url {url} already exists.", 409
            )
        return create(self, url, *more)

    def add_client_id_to_open_id_connect_provider(self: Any) -> Any:
        ids = _client_ids(self.backend, self._get_param("OpenIDConnectProviderArn"))
        if self._get_param("ClientID") not in ids:
            if len(ids) >= CLIENT_IDS:
                raise ServiceError(
                    "LimitExceeded",
                    f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {CLIENT_IDS}",
                    409,
                )
            ids.append(self._get_param("ClientID"))
        return EmptyResult()

    def remove_client_id_from_open_id_connect_provider(self: Any) -> Any:
        ids = _client_ids(self.backend, self._get_param("OpenIDConnectProviderArn"))
        if self._get_param("ClientID") in ids:
            ids.remove(self._get_param("ClientID"))
        return EmptyResult()

    replace(IAMBackend, create_open_id_connect_provider=create_open_id_connect_provider)
    responses.add_client_id_to_open_id_connect_provider = add_client_id_to_open_id_connect_provider
    responses.remove_client_id_from_open_id_connect_provider = (
        remove_client_id_from_open_id_connect_provider
    )


def _client_ids(backend: Any, arn: str) -> list[str]:
    found: list[str] = backend.get_open_id_connect_provider(arn).client_id_list
    return found
