"""The diff of one asset of the source against what the target has under its address."""

from __future__ import annotations

from dataclasses import dataclass, replace

from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.finding import Finding
from amlmigrate.core.plan import Action, Step
from amlmigrate.core.prior import Prior
from amlmigrate.kinds import Kind

_NAMED = 3
ARCHIVED = "archived in the source"
# What says that there is none: the service may keep what is not sent. Inferred (AZ-ASSET-21): it takes these for
# none.
_CLEARED: Document = {"description": "", "tags": {}}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done, and why; `body` is the document to PUT where one is."""

    action: Action
    reason: str
    body: Document | None = None
    # The digest of the target's document that an update takes the place of, or of what a conflict is with.
    target_sha256: str = ""

    def of(self, step: Step) -> Step:
        """The step that carries it out."""
        return replace(
            step, action=self.action, reason=self.reason, body=self.body, target_sha256=self.target_sha256
        )


def verdict_on(
    kind: Kind, asset: Asset, body: Document, target: Asset | None, prior: Prior
) -> tuple[Verdict, list[Finding]]:
    """What becomes of a document, and what a reviewer must know of the target's own."""
    if not kind.inherent:
        return document_verdict(kind, asset, body, target, prior), []
    if target is None:
        # As where it is deleted meanwhile: it is never made.
        return Verdict(Action.CONFLICT, "the target does not show it, which every workspace has by itself"), []
    shortfalls = kind.shortfalls(asset, target.document)
    return _inherent(shortfalls), shortfalls


def _inherent(shortfalls: list[Finding]) -> Verdict:
    """What every workspace has by itself is never written; where it is not as good, findings say so."""
    grave = sum(one.severity != "warning" for one in shortfalls)
    told = "in every setting equal or stricter"
    if grave:
        told = f"which in {grave} settings is not as good as the source's: see its findings"
    return Verdict(Action.ADOPT, f"the target's own, {told}")


def document_verdict(kind: Kind, asset: Asset, body: Document, target: Asset | None, prior: Prior) -> Verdict:
    """Create what is absent, adopt what is equal, update what is ours and may change; all else is a conflict."""
    if target is None:
        return Verdict(Action.CREATE, "not in the target", body)
    desired = (kind.archive_body(body) or body) if asset.archived else body
    found, sha256 = kind.compare(asset.address, desired, target.document), kind.state(target.document)
    if not found:
        return Verdict(Action.ADOPT, "equal in the target", desired)
    fields = ", ".join(difference.field for difference in found[:_NAMED])
    if not prior.owns(asset.address):
        why = f"the target has another one, not made by this tool: {fields} differ"
        return Verdict(Action.CONFLICT, why, target_sha256=sha256)
    # Archiving what the tool made takes nothing from anybody, however it was left.
    archives = kind.made(desired, target.document) and kind.archives(desired, found)
    known = prior.knows(asset.address)
    if not prior.untouched(asset.address, sha256) and (known or not archives):
        why = (
            "changed in the target since it was moved"
            if known
            else "not known how this tool left it in the target"
        )
        return Verdict(Action.CONFLICT, f"{why}: {fields} differ", target_sha256=sha256)
    if not kind.can_update(found):
        why = f"the target's cannot be changed any more: {fields} differ"
        return Verdict(Action.CONFLICT, why, target_sha256=sha256)
    # Properties are create-only for some kinds: an update sends the target's own back.
    own = kind.storable(properties_of(target.properties), "/properties/properties")
    cleared = {name: none for name, none in _CLEARED.items() if (target.properties.get(name) or none) != none}
    body = {"properties": cleared | desired["properties"] | {"properties": own}}
    return Verdict(Action.UPDATE, f"changed in the source: {fields}", body, sha256)
