"""What would break without the source or its containers."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass

from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.documents import Document
from amlmigrate.core.finding import MARK
from amlmigrate.core.json_strings import naming_workspace
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.plan import Action, Plan
from amlmigrate.core.redaction import masked
from amlmigrate.core.workspace import SurveyedWorkspace
from amlmigrate.ledger.decision_subjects import of_findings, of_step
from amlmigrate.ledger.valid_decisions import Standing

_NOTHING: Map[str, str] = {}
_CODE = "names-source"


@dataclass(frozen=True, slots=True)
class SeenTarget:
    """The target as it is now: its assets, and its endpoints, deployments, connections and schedules."""

    inventory: Inventory
    by_hand: tuple[Asset, ...]

    @property
    def workspace(self) -> SurveyedWorkspace:
        """The workspace itself."""
        return self.inventory.workspace

    def documents(self) -> Iterator[tuple[str, Document]]:
        """Address and properties of each of them."""
        for asset in self.inventory.assets.values():
            yield str(asset.address), asset.properties
        for left in self.by_hand:
            yield str(left.address), left.properties


def unlisted(target: SeenTarget) -> list[Asset]:
    """What the target's service did not list: whether it names the source is not known."""
    return [left for left in target.by_hand if left.not_listed]


def dangling(source: SurveyedWorkspace, target: SeenTarget, accepted: Map[str, str] = _NOTHING) -> list[str]:
    """What in the target names the source workspace itself: none of it works once that is gone.

    `accepted` are the addresses of which somebody has said that it may be so, and of what: all, where it is empty.
    """
    mapping = Mapping(source, target.workspace)
    named = ((address, naming_workspace(document, mapping)) for address, document in target.documents())
    return [
        f"{address} in the target refers to the source: {text}"
        for address, text in named
        if text and not (address in accepted and masked(text) in (accepted[address] or masked(text)))
    ]


def accepted(plan: Plan, standing: Standing) -> dict[str, str]:
    """What in the target may go on naming the source: items in conflict or failed that were let go, and findings.

    What was made anew by hand can be set right by hand. Of a finding only what it showed is accepted.
    """
    steps = (step for step in plan.steps if step.action is not Action.MANUAL and standing.has(str(step.address)))
    items = {str(step.called): "" for step in steps if standing.of(of_step(step))}
    called = {str(old): str(new) for old, new in plan.names().items()}
    subjects = of_findings(one for one in plan.header.findings if one.code == _CODE)
    found = ((address.removesuffix(f"{MARK}{_CODE}"), subject) for address, subject in subjects.items())
    return {called.get(about, about): subject.says for about, subject in found if standing.of(subject)} | items
