"""What every kind gives the engines, and what it needs of a workspace."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import (
    Document,
    differences,
    digest,
    mapped,
    properties_of,
    without_nulls,
)
from amlmigrate.core.few import few
from amlmigrate.core.finding import Finding
from amlmigrate.core.mapping import Mapping as WorkspaceMapping
from amlmigrate.core.mapping import Rewrite
from amlmigrate.core.members import document_references, members, rewritten, told_of_source
from amlmigrate.core.pointers import names_of
from amlmigrate.core.redaction import masked, signed
from amlmigrate.core.reference import Reference
from amlmigrate.core.spelling import plain
from amlmigrate.core.translation import Difference, Translation
from amlmigrate.core.workspace import Datastore, Location
from amlmigrate.core.written import Written
from amlmigrate.kinds._listed import Listed, Port
from amlmigrate.kinds._provenance import comparable, same_origin, stamped
from amlmigrate.kinds._secrets import SECRET, filled, has_markers, marked, shown

__all__ = ["SECRET", "Kind", "Port"]


class Kind(Listed):
    """A kind of asset: pure functions on documents, and one call for each thing that changes a workspace."""

    versioned: ClassVar[bool] = False
    # Members of `properties` that the service computes: neither sent nor compared.
    computed: ClassVar[frozenset[str]] = frozenset({"provisioningState"})
    # First members of the canonical form that a later PUT may change.
    mutable: ClassVar[frozenset[str]] = frozenset({"description", "tags"})
    # Whether every workspace has one by itself: it is never written, only held against the source's.
    inherent: ClassVar[bool] = False
    # Whether the service may collect the bytes of one in the target, where it takes them for unreferenced.
    collected: ClassVar[bool] = False
    # Whether the answer to a PUT of a version tells a new one from one that was there (AZ-ASSET-1).
    tells_new: ClassVar[bool] = True
    # The operations of MLClient that read one, for the second reader; '' where nobody reads one by itself.
    sdk_operations: ClassVar[str]
    # Members of `properties` whose keys are the customer's: in these a null is a value, as of a tag without one.
    free: ClassVar[frozenset[str]] = frozenset({"tags", "properties", "flavors"})
    # Names that a PUT takes (mfe.json, 2023-04-01, one pattern for all of them). SDK v1 and the studio have given
    # others, with dots (Azure/MachineLearningNotebooks#1099), which it refuses as `RequestInvalid`. Inferred
    # (AZ-ASSET-12): it does so of every kind.
    names: ClassVar[re.Pattern[str]] = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]{0,254}")
    # JSON pointers below `properties` at which a URI of bytes stands.
    uris: ClassVar[tuple[str, ...]] = ()

    def refuses(self, address: Address) -> str:
        """Why the service makes nothing of that name, as far as is known; empty where it does."""
        if self.names.fullmatch(address.name):
            return ""
        return "a name begins with a letter or digit and has letters, digits, - and _ only, 255 signs at most"

    async def containers(self, port: Port) -> dict[Address, Document]:
        """The documents of all names, by their addresses; none where the kind has no versions."""
        return {}

    async def versions(self, port: Port, name: Address) -> list[Address]:
        """The versions of one name, whatever their state."""
        return []

    def only_if_referred(self, asset: Asset) -> bool:
        """Whether an asset moves only together with something that refers to it."""
        return False

    def datastore(self, asset: Asset) -> Datastore | None:
        """The datastore that an asset is, for references through it."""
        return None

    def upload(self, asset: Asset) -> Location | None:
        """Where the service put the asset's bytes at upload, if it does so outside the default container."""
        return None

    def content_files(self, asset: Asset) -> tuple[str, ...]:
        """Paths, below the asset's bytes, of the files without which it means nothing."""
        return ()

    def holds_tables(self, asset: Asset) -> bool:
        """Whether files that name other places may lie anywhere among the asset's bytes."""
        return False

    def is_file(self, asset: Asset) -> bool:
        """Whether the asset's bytes are one file, which it names."""
        return False

    def references(self, asset: Asset) -> tuple[Reference, ...]:
        """Everything that the asset's document points to, and the files among its bytes."""
        inside = (found for content in asset.contents for found in content.names)
        return (*document_references(asset.properties, "/properties"), *inside)

    def translate(self, asset: Asset, mapping: WorkspaceMapping) -> Translation:
        """The document to PUT into the target."""
        kept = {key: value for key, value in asset.properties.items() if key not in self.computed}
        sent = self.created(self._told(self.writable(kept)))
        known = {member.where: member for member in members(sent)}
        rewrites: list[Rewrite] = []
        broken: list[Finding] = []

        def change(where: str, text: str) -> Any:
            after, leads = rewritten(known[where], mapping) if text else (text, [])
            if leads:
                rewrites.append(Rewrite(f"/properties{where}", masked(text), masked(after)))
                broken.extend(_signed(asset, one.address) for one in leads if signed(one.address))
            return marked(f"/properties{where}", after)

        properties = mapped(sent, change)
        broken += _only_told(asset, told_of_source(sent, mapping))
        # Stamped after rewriting: the old id is what it is about.
        body = {"properties": properties | {"properties": stamped(asset, properties_of(properties))}}
        return Translation(body, tuple(rewrites), (*broken, *self.findings(asset, body, mapping)))

    def storable(self, value: Any, where: str) -> Any:
        """A value of an asset as a plan may hold it: with markers for the secrets in its texts."""
        return mapped(value, lambda place, text: marked(f"{where}{place}", text))

    def _told(self, properties: Document) -> Document:
        """Without the nulls by which the service says that there is nothing."""
        told = {key: value for key, value in properties.items() if value is not None}
        return {key: value if key in self.free else without_nulls(value) for key, value in told.items()}

    def writable(self, properties: Document) -> Document:
        """The properties as a client sends them: without what the service adds or computes."""
        return properties

    def created(self, properties: Document) -> Document:
        """The properties with which an asset is made, before any later step changes its state."""
        return properties

    def findings(self, asset: Asset, body: Document, mapping: WorkspaceMapping) -> list[Finding]:
        """What a reviewer must know of the translated body."""
        return []

    def archive_body(self, body: Document) -> Document | None:
        """The document that archives what `body` created; None for kinds that cannot be archived."""
        return None

    async def fill(self, source: Port, target: Port, address: Address, body: Document) -> Document:
        """The body with each `{"$secret": …}` marker replaced by the secret, for the moment of the PUT."""
        if not has_markers(body):
            return body
        found: Document = filled(body, await source.get(self.path(address)) or {})
        return found

    async def put(self, target: Port, address: Address, body: Document) -> Written:
        """Exactly one changing call."""
        return await target.put(self.path(address), body)

    async def wait(self, target: Port, address: Address) -> Document | None:
        """Reads the asset once the service has finished with it; None when it is not there."""
        return await target.get(self.path(address))

    def canonical(self, document: Document) -> Document:
        """The form in which two documents of this kind are compared: without what the service adds or changes."""
        kept = self.writable(shown(properties_of(document)))
        same = mapped(self._told(kept), lambda _, text: plain(text))
        return {key: value for key, value in same.items() if key not in self.computed and not _nothing(value)}

    def compare(self, address: Address, expected: Document, actual: Document) -> list[Difference]:
        """Where two documents differ that should be one."""
        name = self.versioned and address.version is None
        found = differences(*comparable(self.canonical(expected), self.canonical(actual), name=name))
        return [Difference(str(address), f"/properties{where}", left, right) for where, left, right in found]

    def shortfalls(self, asset: Asset, there: Document) -> list[Finding]:
        """In what the target's own is not as good as the source's, where every workspace has one by itself."""
        return []

    def state(self, document: Document) -> str:
        """The digest by which a later change of a document in the target is found."""
        return digest(self.canonical(document))

    def made(self, body: Document, actual: Document) -> bool:
        """Whether a document that is like a body came of it: it names the same origin."""
        return same_origin(body, actual)

    def looked_up(self, address: Address) -> bool:
        """Whether the target is read right before a PUT that must not replace anything.

        It is where a PUT replaces the whole of what is there, or does not tell that it did.
        """
        return address.version is None or not self.tells_new

    def vacant(self, address: Address, document: Document) -> bool:
        """Whether a document says nothing, so that writing it anew takes nothing from anybody."""
        return False

    def archives(self, body: Document, found: list[Difference]) -> bool:
        """Whether a body differs from what is there by nothing but that it archives it."""
        return False

    def can_update(self, found: list[Difference]) -> bool:
        """Whether a PUT may change the target in all these fields."""
        return all(names_of(difference.field)[1] in self.mutable for difference in found)


def _only_told(asset: Asset, pointers: list[str]) -> list[Finding]:
    if not pointers:
        return []
    named = few([f"properties{pointer}" for pointer in pointers])
    return [
        Finding(
            "warning",
            str(asset.address),
            f"Text of it names the old workspace, and goes on doing so: {named}.",
            "Nothing follows such text, and it is moved as it is: if people need it, say there where it is now.",
            code="text-names-source",
        )
    ]


def _signed(asset: Asset, url: str) -> Finding:
    return Finding(
        "error",
        str(asset.address),
        f"It has a signature of the old account, which opens nothing at the place that it moves to: '{url}'.",
        "Leave it out with --exclude and create it in the target, or name it through a datastore in the source.",
        code="signed-url",
    )


def _nothing(value: Any) -> bool:
    """Empty texts, lists and maps, and false: what the service fills in where a client sent nothing."""
    return value is False or value in ("", [], {})
