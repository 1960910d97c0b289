"""What MLClient cannot read for a reason of its own, and what Azure, or somebody in between, did not give it."""

from __future__ import annotations

import pytest

from amlmigrate.cloud.errors import of_answer
from amlmigrate.cloud.sdk import _of_its_making
from amlmigrate.core.address import Address

WS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
COMPONENT = Address.of("components", "c", "1")
MODEL = f"{WS}/models/m/versions/1"
GONE = {"code": "UserError", "message": "The specified resource was not found.",
        "details": [{"code": "ModelNotFound", "message": "Model container with name: m not found."}]}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "path", "error", "own"),
    [
        # A model that the component refers to, and that is not there.
        (404, MODEL, GONE, True),
        # The component itself.
        (404, f"{WS}/components/c/versions/1", GONE, False),
        # None of these says anything of the model.
        (404, MODEL, {"code": "SubscriptionNotFound", "message": "The subscription 's' could not be found."}, False),
        (404, MODEL, {"code": "ResourceGroupNotFound", "message": "Resource group 'g' could not be found."}, False),
        (404, MODEL, {"code": "ParentResourceNotFound", "message": "Failed: parent resource 'w' not found."}, False),
        (404, MODEL, None, False),
        (404, WS, None, False),
        # A call that the service does not understand, and a page that says nothing.
        (400, MODEL, {"code": "UserError", "message": "The api-version is not known."}, True),
        (400, MODEL, None, False),
        (403, MODEL, {"code": "AuthorizationFailed", "message": "no"}, False),
        (500, MODEL, {"code": "ServiceError", "message": "no"}, False),
    ],
)  # fmt: skip
def test_only_what_says_so_is_a_reason_of_its_own(
    status: int, path: str, error: dict[str, object] | None, own: bool
) -> None:
    url = f"https://management.azure.com{path}"
    body = {"error": error} if error else {}
    refused = of_answer(status, {}, body, method="GET", url=url)
    assert _of_its_making(refused, COMPONENT) is own
