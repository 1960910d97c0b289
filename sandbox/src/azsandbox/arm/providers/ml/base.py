"""What all kinds of a workspace share: its record, its region, the front end's headers and errors."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

from azsandbox.arm.calls import Call, check_objects, not_an_object
from azsandbox.arm.errors import ArmError, front_end, provider
from azsandbox.arm.kinds import Kind
from azsandbox.arm.store import Record

WORKSPACES = "microsoft.machinelearningservices/workspaces"
_ASSET_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$")
NAMESPACE = "Microsoft.MachineLearningServices"

# Headers of AZ-ARM-20; those that name hosts and requests are made once a process.
HEADERS = {
    "Request-Context": f"appId=cid-v1:{uuid.uuid4()}",
    "X-Cache": "CONFIG_NOCACHE",
    "x-ms-response-type": "standard",
    "azureml-served-by-cluster": f"vienna-local-{secrets.randbelow(90) + 10}",
}


class WorkspaceKind(Kind):
    """A kind whose resources lie in a workspace."""

    page_size = 50  # AZ-LIST-1
    headers: ClassVar[dict[str, str]] = HEADERS

    def workspace(self, call: Call) -> Record:
        """The workspace of the call."""
        return call.ancestor(WORKSPACES)

    def region(self, call: Call) -> str:
        """Where the workspace is."""
        return str(self.workspace(call).document["location"])

    def user_error(
        self,
        call: Call,
        message: str,
        *,
        status: int = 400,
        code: str = "UserError",
        detail: tuple[str, str] | None = None,
        inner: tuple[str, ...] = (),
    ) -> ArmError:
        """An error in the front end's shape (AZ-ARM-1)."""
        details = [detail] if detail else []
        region, ticks = self.region(call), call.tick()
        return front_end(status, code, message, region=region, ticks=ticks, details=details, inner=inner)

    def provider_error(
        self,
        call: Call,
        message: str,
        *,
        status: int = 400,
        code: str = "UserError",
        inner: tuple[str, ...] = (),
    ) -> ArmError:
        """An error in the workspace provider's shape (AZ-ARM-1)."""
        return provider(status, code, message, region=self.region(call), ticks=call.tick(), inner=inner)

    def illegal_name(self, call: Call, name: str) -> ArmError:
        """400 for a name that the description does not allow.

        Recorded for environments with a dot; of other kinds inferred (AZ-ASSET-12).
        """
        allowed = "alphanumeric characters, dashes, and underscores, with a limit of 255 characters"
        return self.illegal_body(call, [f"Resource name is invalid. Resource name can only contain {allowed}."])

    def beyond(self, call: Call, problem: str) -> bool:
        """Whether what is wrong with a body, as `path: what`, is about something that only previews describe."""
        return False

    def illegal_body(self, call: Call, problems: Sequence[str]) -> ArmError:
        """400 with an entry for each problem. Code and message are those of a name that is not allowed. Inferred
        (AZ-LOCAL-1): they are the same for a body; the texts of its entries."""
        return front_end(
            400,
            "UserError",
            "Request is invalid and/or missing fields.",
            region=self.region(call),
            ticks=call.tick(),
            details=[("RequestInvalid", each) for each in problems],
        )


class ProviderShaped(WorkspaceKind):
    """Kinds whose errors have the workspace provider's shape: computes, connections."""

    def illegal_name(self, call: Call, name: str) -> ArmError:
        """400. Inferred (AZ-LOCAL-1): code and text; the pattern is described."""
        return self.provider_error(call, f"The name '{name}' is not valid.")

    def illegal_body(self, call: Call, problems: Sequence[str]) -> ArmError:
        """400. Inferred (AZ-LOCAL-1): code and text."""
        return self.provider_error(call, f"The request is invalid: {'; '.join(problems)}.")


def check_asset_name(kind: WorkspaceKind, call: Call) -> None:
    """Raises ArmError 400 for a name or version that no asset can have.

    The pattern is that of the API's description, with the dot that curated environments and versions have; the
    text is ours (AZ-LOCAL-1).
    """
    for level in call.route.levels:
        if level.kind.case_sensitive and not _ASSET_NAME.match(level.name):
            raise kind.user_error(call, f"The name '{level.name}' is not valid.")


def sent_properties(call: Call) -> dict[str, Any]:
    """The `properties` of the body. Raises ArmError 400 when there are none."""
    properties = call.body().get("properties")
    if not isinstance(properties, dict):
        raise not_an_object("properties")
    check_objects(properties, ("properties", "tags", "credentials", "flavors", "build", "inferenceConfig"))
    return properties


def workspace_path(workspace: Record, groups: str) -> str:
    """A workspace as `azureml://` URIs spell it; `groups` is `resourceGroups` or `resourcegroups`."""
    _, _, subscription, _, group, _, _, _, name = workspace.id.split("/")
    return f"subscriptions/{subscription}/{groups}/{group}/workspaces/{name}"
