"""What every kind gives the engines, and what it needs of a workspace."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from amlmigrate.cloud.operations import Ending, of_resource, word_of
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset, AssetStorage
from amlmigrate.core.documents import (
    Document,
    differences,
    digest,
    mapped,
    properties_of,
    without_nulls,
)
from amlmigrate.core.finding import Finding
from amlmigrate.core.given import Unshown, with_given
from amlmigrate.core.json_strings import document_references
from amlmigrate.core.mapping import Mapping as WorkspaceMapping
from amlmigrate.core.placement import AS_IT_IS, Around, Placement
from amlmigrate.core.reference import Reference
from amlmigrate.core.spelling import plain
from amlmigrate.core.translation import Difference
from amlmigrate.core.writes import Accepted, Desired, PlanContext, Write
from amlmigrate.kinds._envelope import canonical as envelope
from amlmigrate.kinds._envelope import placed, sent
from amlmigrate.kinds._fields import COMMON, Fields
from amlmigrate.kinds._given import told_of_given
from amlmigrate.kinds._listed import Listed, WorkspacePort
from amlmigrate.kinds._machines import Machines
from amlmigrate.kinds._policy_fields import policy_fields
from amlmigrate.kinds._provenance import comparable, same_origin, stamped
from amlmigrate.kinds._secrets import filled, has_markers, marked, shown
from amlmigrate.kinds._settings import NO_NAMES
from amlmigrate.kinds._translating import translated

__all__ = ["Kind", "WorkspacePort"]

STATE = "/properties/provisioningState"


class Kind(Listed):
    """A kind of asset: pure functions on documents, and one call for each thing that changes a workspace."""

    versioned: ClassVar[bool] = False
    fields: ClassVar[Fields] = COMMON
    # Whether every workspace has one by itself: it is never written, only held against the source's.
    inherent: ClassVar[bool] = False
    # Whether the service may collect the bytes of one in the target, where it takes them for unreferenced.
    collected: ClassVar[bool] = False
    # Whether the answer to a PUT of a version tells a new one from one that was there (AZ-ASSET-1).
    put_reports_creation: ClassVar[bool] = True
    # The operations of MLClient that read one, for the second reader; '' where nobody reads one by itself.
    sdk_operations: ClassVar[str]
    # Whether so much of one is hidden that what looks the same may be anything: only what came of the source's is
    # taken for the same.
    hides: ClassVar[bool] = False
    # Where its secret stands in a document.
    hidden_field: ClassVar[str] = "/properties/credentials"
    # Names that a PUT takes (mfe.json, 2023-04-01, one pattern for all of them). SDK v1 and the studio have given
    # others, with dots (Azure/MachineLearningNotebooks#1099), which it refuses as `RequestInvalid`. Inferred
    # (AZ-ASSET-12): it does so of every kind.
    names: ClassVar[re.Pattern[str]] = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]{0,254}")

    def refuses(self, address: Address) -> str:
        """Why the service makes nothing of that name, as far as is known; empty where it does."""
        if self.names.fullmatch(address.name):
            return ""
        return "a name begins with a letter or digit and has letters, digits, - and _ only, 255 signs at most"

    async def containers(self, port: WorkspacePort) -> dict[Address, Document]:
        """The documents of all names, by their addresses; none where the kind has no versions."""
        return {}

    async def versions(self, port: WorkspacePort, name: Address) -> dict[Address, Document]:
        """The documents of all versions of one name, whatever their state, by their addresses."""
        return {}

    def only_if_referred(self, asset: Asset) -> bool:
        """Whether an asset moves only together with something that refers to it."""
        return False

    def principals(self, asset: Asset) -> tuple[str, ...]:
        """The object ids of those to whom it gives something."""
        return ()

    def placement(self, asset: Asset, around: Around) -> Placement:
        """Where it goes by what lies around both workspaces, where its document alone does not say it. Pure."""
        return AS_IT_IS

    def outlived(self, around: Around) -> Mapping[Address, Finding]:
        """By its address, what lets somebody in to the target and the source has no more, whoever made it."""
        return {}

    def storage(self, asset: Asset) -> AssetStorage:
        """What the asset is to the storage of its workspace."""
        return AssetStorage()

    def references(self, asset: Asset) -> tuple[Reference, ...]:
        """Everything that the asset's document points to, and the files among its bytes."""
        inside = (found for content in asset.contents for found in content.names)
        around = document_references(sent(asset.document))
        return (*around, *document_references(asset.properties, "/properties"), *inside)

    def desired(self, asset: Asset, plan: PlanContext) -> Desired:
        """All writes that make the asset in the target; the first makes it, all others come after. Pure."""
        kept = {key: value for key, value in asset.properties.items() if key not in self.fields.computed}
        parts = (
            translated(asset, placed(sent(asset.document), plan.mapping), plan.mapping),
            translated(asset, self._told(self.writable(kept)), plan.mapping, "/properties"),
        )
        (envelope, *_), (properties, *_) = parts
        if bag := self.fields.provenance:
            # Stamped after rewriting: the old id is what it is about.
            properties = properties | {bag: stamped(asset, properties.get(bag) or {})}
        fields = plan.allowed.given(asset.address)
        body = {**envelope, "properties": properties}
        body = with_given(body, asset.address, self.unshown(asset), fields)
        rewrites = tuple(one for _, found, _ in parts for one in found)
        told = (one for _, _, found in parts for one in found)
        findings = (*told, *self.findings(asset, body, plan.mapping), *told_of_given(asset.address, body))
        return Desired((Write(body),), rewrites, findings)

    def storable(self, value: Any, where: str) -> Any:
        """A value of an asset as a plan may hold it: with markers for the secrets in its texts."""
        return mapped(value, lambda place, text: marked(f"{where}{place}", text))

    def _told(self, properties: Document) -> Document:
        """Without the nulls by which the service says that there is nothing."""
        told = {key: value for key, value in properties.items() if value is not None}
        return {
            key: value if key in self.fields.customer_maps else without_nulls(value) for key, value in told.items()
        }

    def writable(self, properties: Document) -> Document:
        """The properties as a client sends them: without what the service adds or computes."""
        return properties

    def resent(self, document: Document) -> Document:
        kept = {key: value for key, value in properties_of(document).items() if key not in self.fields.computed}
        return {**sent(document), "properties": self._told(self.writable(kept))}

    def findings(self, asset: Asset, body: Document, mapping: WorkspaceMapping) -> list[Finding]:
        """What a reviewer must know of the translated body."""
        return []

    def unshown(self, asset: Asset) -> tuple[Unshown, ...]:
        """The secrets of an asset that no answer shows, and that somebody may give with `--secrets`."""
        return ()

    def let(self, asset: Asset, given: frozenset[str], asked: frozenset[str]) -> bool:
        """Whether an asset that has a reason to be left to a person moves all the same.

        `given`: the fields whose secrets somebody gives; `asked`: what of this kind a plan is asked for.
        """
        return False

    def machines(self, body: Document) -> Machines | None:
        """The virtual machines that one needs when it is made, and keeps; None where it needs none."""
        return None

    def policy_fields(self, body: Document) -> Document:
        """What of a body that is to be written a policy can go by."""
        return policy_fields(body, {"description", *self.fields.customer_maps})

    async def secrets(
        self, source: WorkspacePort, target: WorkspacePort, address: Address, body: Document
    ) -> Document:
        """The body with each `{"$secret": …}` marker replaced by the secret, for the moment of the call.

        `address` is the source's.
        """
        if not has_markers(body):
            return body
        found: Document = filled(body, await source.get(self.path(address)) or {})
        return found

    def compares_secrets(self, document: Document) -> bool:
        """Whether the service gives the secrets of one (`secret_of`), so that both sides' can be compared."""
        return False

    async def secret_of(self, port: WorkspacePort, address: Address) -> Document:
        """The secrets of one, for the moment of a comparison; asked only where `compares_secrets` says so."""
        # Nothing in its place: two sides without secrets would count as equal.
        raise NotImplementedError(f"the service gives no secrets of {address}")

    async def lessened(self, source: WorkspacePort, asset: Asset) -> str:
        """Why one made anew would be more than the source's is now, which no document of it says; '' where not.

        Asked right before a write.
        """
        return ""

    def late(self, error: BaseException) -> bool:
        """Whether a refusal may only say that something made just before is not known everywhere yet."""
        return False

    async def settle(
        self, target: WorkspacePort, address: Address, accepted: Accepted | None = None
    ) -> Document | None:
        """The asset once the service has finished with it; None where it is not there.

        Without an operation, as after a kill, its own state is waited for. What this tool has made, which
        `accepted` says, is put to rest. Raises ProvisioningFailedError with the service's words, NotSettledError.
        """
        return await target.settled(self.path(address), accepted.operation if accepted else None)

    async def put_to_rest(
        self, target: WorkspacePort, address: Address, there: Document | None
    ) -> Document | None:
        """What this tool has made, once it is as it is to be left. Raises MigrateError where it may not be."""
        return there

    async def read(self, port: WorkspacePort, address: Address) -> Document | None:
        """The asset as it is in a workspace now, settled or not; None where it is not there."""
        return await port.get(self.path(address))

    def canonical(self, document: Document) -> Document:
        """The form in which two documents of this kind are compared: without what the service adds or changes."""
        kept = self.writable(shown(properties_of(document)))
        same = mapped(self._told(kept), lambda _, text: plain(text))
        left_out = {*self.fields.computed, *self.fields.secrets}
        return {key: value for key, value in same.items() if key not in left_out and not _nothing(value)}

    def differences(self, address: Address, wanted: Document, actual: Document) -> list[Difference]:
        """Where two documents differ that should be one, each with whether a write may change it.

        What the service is still at work on, or failed at, is never as it should be.
        """
        name, bag = self.versioned and address.version is None, self.fields.provenance
        inner = comparable(self.canonical(wanted), self.canonical(actual), bag, name=name)
        found = [
            *differences(envelope(wanted), envelope(actual)),
            *((f"/properties{where}", left, right) for where, left, right in differences(*inner)),
        ]
        changes = self.fields.changes
        told = [Difference(str(address), *one, changeable=changes(one[0])) for one in found]
        return told + _unfinished(address, actual)

    def shortfalls(
        self, asset: Asset, there: Document, names: Mapping[Address, Address] = NO_NAMES
    ) -> list[Finding]:
        """In what the target's own is not as good as the source's, where every workspace has one by itself.

        `names`: what the target calls items of the source that have another name there.
        """
        return []

    def state(self, document: Document) -> str:
        """The digest by which a later change of a document in the target is found."""
        canonical, around = self.canonical(document), envelope(document)
        return digest([around, canonical] if around else canonical)

    def made(self, body: Document, actual: Document) -> bool:
        """Whether a document that is like a body came of it: it names the same origin."""
        return same_origin(body, actual, self.fields.provenance)

    def sequence(self, asset: Asset) -> str | None:
        """The name whose items are made one after another, as the source's were; None where any order does."""
        return None

    def read_before_put(self, address: Address) -> bool:
        """Whether the target is read right before a PUT that must not replace anything.

        It is where a PUT replaces the whole of what is there, or does not tell that it did.
        """
        return address.version is None or not self.put_reports_creation

    def is_placeholder(self, address: Address, document: Document) -> bool:
        """Whether a document says nothing, so that writing it anew takes nothing from anybody."""
        return False


def _unfinished(address: Address, actual: Document) -> list[Difference]:
    """What says of a document that the service is still at work on it, or failed: a write makes it anew."""
    if of_resource(actual) is Ending.SUCCEEDED:
        return []
    return [Difference(str(address), STATE, "Succeeded", word_of(actual), changeable=True)]


def _nothing(value: Any) -> bool:
    """Empty texts, lists and maps, and false: what the service fills in where a client sent nothing."""
    return value is False or value in ("", [], {})
