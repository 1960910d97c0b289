"""What an inventory cannot show: said in every plan, so that nobody takes it for all there is."""

from __future__ import annotations

from collections.abc import Iterable

from amlmigrate.core.finding import Finding


def unlisted(workspace_id: str, absent: Iterable[str]) -> list[Finding]:
    """Findings about the workspace itself; `absent` are the collections that answered 404."""
    found = [
        Finding(
            "warning",
            workspace_id,
            "Azure Resource Manager does not list what the studio and SDK v1 keep on the data plane: v1"
            " datasets, published pipelines, pipeline endpoints, labeling projects, designer drafts. None of it"
            " is in this plan.",
            "Look for them in the studio (Data, Pipelines, Data Labeling, Designer) and make anew what is needed:"
            " they go with the workspace.",
            code="not-listed-by-arm",
        )
    ]
    # The containers of anonymous assets are asked for by name, and need not be there.
    names = sorted(path.rpartition("/")[2] for path in absent if not path.endswith("/versions"))
    if names:
        found.append(
            Finding(
                "warning",
                workspace_id,
                f"These collections answered 404 and count as empty: {', '.join(names)}.",
                "Nothing is needed where the workspace never had any; a workspace without a managed network has no"
                " outboundRules.",
                code="collections-absent",
            )
        )
    return found
