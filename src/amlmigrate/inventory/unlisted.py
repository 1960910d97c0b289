"""What an inventory cannot show: said in every plan, so that nobody takes it for all there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.finding import Finding
from amlmigrate.core.seal import NOT_LISTED
from amlmigrate.kinds import not_listed

_LOOK = (
    "Look in the studio and the portal for what there is and move it by hand; then waive this item, or plan"
    " again once it can be listed."
)


def could_not_be_listed(unlisted: Mapping[str, ServiceError]) -> list[Asset]:
    """An item a kind for the collections that could not be listed; `unlisted` is path to answer."""
    kinds: dict[str, list[str]] = {}
    for path in sorted(unlisted):
        kinds.setdefault(path.partition("/")[0], []).append(path)
    return [
        Asset(
            Address.of(kind),
            {**NOT_LISTED, "paths": paths},
            reason="; ".join(not_listed(path, unlisted[path]) for path in paths),
            remedy=_LOOK,
        )
        for kind, paths in kinds.items()
    ]


def unlisted(workspace_id: str, absent: Iterable[str]) -> list[Finding]:
    """Findings about the workspace itself; `absent` are the collections that the service does not have for it."""
    found = [
        Finding(
            "warning",
            workspace_id,
            "Azure Resource Manager does not list what the studio and SDK v1 keep on the data plane: published"
            " pipelines, pipeline endpoints, labeling projects, designer drafts, and how datasets of SDK v1 read"
            " their files, which themselves are listed as data assets. None of it is in this plan.",
            "Look for them in the studio (Data, Pipelines, Data Labeling, Designer) and create again what you"
            " need: they are deleted with the workspace.",
            code="not-listed-by-arm",
        )
    ]
    names = sorted(path.rpartition("/")[2] for path in absent)
    if names:
        found.append(
            Finding(
                "warning",
                workspace_id,
                f"Azure says that it has no such collection here, and they count as empty: {', '.join(names)}.",
                "Nothing is needed where the subscription never used them.",
                code="collections-absent",
            )
        )
    return found
