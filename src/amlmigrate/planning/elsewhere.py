"""What the source's own identities may do elsewhere, as steps of the plan: for the cutover, or for a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from amlmigrate.cloud.session import Session
from amlmigrate.cloud.tenants import of_subscription
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, Inventory
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.mapping import Rewrite
from amlmigrate.core.plan import CUTOVER, GRANTS, Action, Header, Step
from amlmigrate.core.select import Selection
from amlmigrate.core.state import UNSELECTED_REASON
from amlmigrate.inventory import elsewhere as around
from amlmigrate.inventory.elsewhere import HeldElsewhere
from amlmigrate.kinds import PRINCIPAL, Elsewhere, GrantWay, Held, all_kinds
from amlmigrate.planning import unseen_elsewhere
from amlmigrate.planning.byhand.commands import NEW_ID
from amlmigrate.planning.planner import counts
from amlmigrate.posture.reading import Read, tried


@dataclass(frozen=True, slots=True)
class Grantable:
    """What was found, by the addresses of the plan.

    `apart`: why nothing can be given to the target, '' where it can.
    """

    found: HeldElsewhere = field(default_factory=HeldElsewhere)
    held: dict[Address, tuple[Elsewhere, Held]] = field(default_factory=dict)
    apart: str = ""

    @classmethod
    def of(cls, found: HeldElsewhere, apart: str) -> Grantable:
        """Of what was found."""
        [kind] = [one for one in all_kinds().values() if isinstance(one, Elsewhere)]
        held: dict[Address, tuple[Elsewhere, Held]] = {}
        for one in found.held:
            address = kind.address(one)
            while address in held:
                # Two custom roles with one name, where one was renamed since.
                address = Address.parse(f"{address}~")
            held[address] = (kind, one)
        return cls(found, held, apart)

    def assets(self) -> list[Asset]:
        """As items: what `by-hand/` tells of them."""
        return [
            Asset(
                address,
                {
                    "definition": {"scope": one.scope, "role": one.role, "shown": _shown(one)},
                    "commands": [kind.command(one, _who(one))],
                },
                reason=_reason(one, ""),
                remedy=kind.manual,
            )
            for address, (kind, one) in self.held.items()
        ]


async def read(
    clouds: Session, source: Inventory, target: Inventory, called: Callable[[Address], Address]
) -> Grantable:
    """All of it. `called`: what the target calls an item."""
    found = await around.read(clouds, source, target, called)
    return Grantable.of(found, await _apart(clouds, source, target) if found.held else "")


async def _apart(clouds: Session, source: Inventory, target: Inventory) -> str:
    """That both sides are of two tenants, or may be: an object id means nobody in another."""
    if clouds.source is clouds.target:
        return ""
    tenants = [
        await of_subscription(side, inventory.workspace.ref.subscription)
        for side, inventory in ((clouds.source, source), (clouds.target, target))
    ]
    if all(tenants) and tenants[0].lower() == tenants[1].lower():
        return ""
    return "source and target are not known to be of one tenant"


async def added(
    clouds: Session, grantable: Grantable, plan: tuple[Header, list[Step]], selection: Selection, *, asked: bool
) -> tuple[Header, list[Step]]:
    """A plan with them. `asked`: whether the cutover is to give them."""
    header, steps = plan
    moving = {step.address for step in steps if step.action.carried_out and not step.address.phase}
    more = [
        await _step(clouds, address, kind, held, moving, apart=grantable.apart, asked=asked)
        if selection.takes(address)
        else Step(address, Action.SKIP, UNSELECTED_REASON, source_id=_id(held))
        for address, (kind, held) in grantable.held.items()
    ]
    every = [*steps, *more]
    graph = clouds.source.login.endpoints.graph
    unseen = unseen_elsewhere.findings(grantable.found, header.source_ref.id, graph)
    findings = (*header.findings, *unseen)
    extra = header.extra | ({GRANTS: True} if asked else {})
    return replace(header, counts=counts(every), findings=findings, extra=extra), every


async def _step(
    clouds: Session,
    address: Address,
    kind: Elsewhere,
    held: Held,
    moving: set[Address],
    *,
    apart: str,
    asked: bool,
) -> Step:
    who = held.holder
    if not apart and who.new and await _there(clouds, kind, held):
        return Step(address, Action.SKIP, f"the target's identity has it already: {_given(held)}", _id(held))
    unasked = "" if asked else f"the plan was made without {kind.option}"
    why = apart or who.never or _own(held) or kind.unlike(held) or unasked
    if not why and who.item.path and who.item not in moving:
        why = f"{who.item} is not made by this plan, whose identity it would be for"
    if why:
        return _by_hand(address, kind, held, why)
    body = kind.body(held, who.new or {PRINCIPAL: str(who.item)})
    return Step(
        address,
        Action.CREATE,
        _reason(held, "given by the cutover, once somebody else has approved the plan"),
        source_id=_id(held),
        target_id=held.scope,
        after=(who.item,),
        body=body,
        rewrites=(Rewrite(_POINTERS[held.form], who.old, who.new or f"the identity of {who.item} in the target"),),
        stage=CUTOVER,
    )


# Where a body names who it is for.
_POINTERS = {
    GrantWay.ROLE: "/properties/principalId",
    GrantWay.POLICY: "/properties/accessPolicies/0/objectId",
    GrantWay.RULE: "/properties/networkAcls/resourceAccessRules/0/resourceId",
}


async def _there(clouds: Session, kind: Elsewhere, held: Held) -> bool:
    """Whether the new one has the same already, or on what takes the place of the source's own."""
    scope = held.home if held.own else held.scope
    if not scope:
        return False
    aim = kind.aim(scope, kind.body(held, held.holder.new), held.holder.new)
    there: Read[Document] = await tried(kind.read(clouds.source.arm, aim))
    return bool(there.value) and kind.has(there.value or {}, aim)


def _by_hand(address: Address, kind: Elsewhere, held: Held, why: str) -> Step:
    told = f"{_reason(held, why)} {kind.command(held, _who(held))}"
    return Step(address, Action.MANUAL, told, source_id=_id(held), stage=CUTOVER)


def _own(held: Held) -> str:
    """Why nobody gives it at the same scope: that is the source's own, and goes with it."""
    if not held.own:
        return ""
    return f"the scope is the source's own{', and the target has another' if held.home else ''}"


def _reason(held: Held, why: str) -> str:
    end = f": {why}." if why else "."
    return f"{_given(held)}, held by {held.holder.old} ({held.holder.item}){_new(held)}{end}"


def _given(held: Held) -> str:
    return f"'{held.role}' at {held.scope}" if held.form is GrantWay.ROLE else f"{held.form.value} of {held.scope}"


def _new(held: Held) -> str:
    return f", in the target {held.holder.new}" if held.holder.new else ", whose id in the target is not known yet"


def _who(held: Held) -> str:
    return held.holder.new or f"${{{NEW_ID}}}"


def _id(held: Held) -> str:
    return str(held.document.get("id") or held.scope)


def _shown(held: Held) -> dict[str, object]:
    """What Azure shows, without what somebody wrote about it."""
    return {key: value for key, value in held.document.items() if key != "properties"} | {
        key: value for key, value in properties_of(held.document).items() if key != "description"
    }
