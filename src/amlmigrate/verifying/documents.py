"""Compares the documents of both sides, translated anew from the source as it is now."""

from __future__ import annotations

from amlmigrate.core.address import BLOBS
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.plan import Action, Plan, Step
from amlmigrate.core.translation import Difference
from amlmigrate.kinds import all_kinds, document_digests


def compare_documents(plan: Plan, source: Inventory, target: Inventory) -> list[Difference]:
    """Everything in which the source is not the plan's, or the target is not the source's."""
    mapping = Mapping(source.workspace, target.workspace)
    now = document_digests(source)
    found: list[Difference] = []
    planned: set[str] = set()
    for step in plan.steps:
        if step.address.kind == BLOBS or step.address.archive:
            continue
        address = str(step.address)
        planned.add(address)
        if now.get(address) != step.source_sha256:
            found.append(Difference(address, "source", step.source_sha256, now.get(address)))
        elif step.action in (Action.CREATE, Action.UPDATE, Action.ADOPT):
            found += _asset(step, source.assets[step.address], target, mapping)
    added = sorted(now.keys() - planned)
    return found + [Difference(address, "source", None, now[address]) for address in added]


def _asset(step: Step, asset: Asset, target: Inventory, mapping: Mapping) -> list[Difference]:
    kind = all_kinds()[step.address.kind]
    body = kind.translate(asset, mapping).body
    desired = (kind.archive_body(body) or body) if asset.archived else body
    there = target.assets.get(step.address)
    if there is None:
        return [Difference(str(step.address), "target", "present", "missing")]
    return kind.compare(step.address, desired, there.document)
