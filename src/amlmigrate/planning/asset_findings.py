"""Findings about the steps of a plan: what a reviewer must know beyond what each asset says of itself."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Map

from amlmigrate.bytes.listings import Listing, beside
from amlmigrate.bytes.storage_containers import Key
from amlmigrate.core.address import Address
from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.few import agreed, few, many
from amlmigrate.core.finding import Finding
from amlmigrate.core.json_strings import naming_source, naming_workspace
from amlmigrate.core.mapping import Mapping
from amlmigrate.core.plan import Action, Step
from amlmigrate.core.redaction import masked
from amlmigrate.core.workspace import Location, address_of
from amlmigrate.kinds import moving_kinds
from amlmigrate.kinds._envelope import sent

_NAMED = 3


def newest_overtaken(versions: list[Step]) -> Iterable[Finding]:
    """`latest` is the newest by creation: older versions must not come after one that is there already."""
    *older, newest = versions
    made = [step.address for step in older if step.action is Action.CREATE]
    if made and newest.action is not Action.CREATE:
        yield Finding(
            "error",
            str(newest.address),
            f"It is the newest of its name, and in the target already: {made[-1]} would be created after it, and"
            " 'latest' would mean that one.",
            "Delete it in the target, so that it is created last, or leave the older ones out with --exclude.",
            code="latest-overtaken",
        )


def foreign_overtaken(newest: Step, foreign: list[Address]) -> Iterable[Finding]:
    """`latest` of a name moves from what the target had to what is created now."""
    if foreign and newest.action is Action.CREATE:
        yield Finding(
            "warning",
            str(newest.address),
            f"The target has versions of this name that the source does not, {foreign[-1]} among them: 'latest'"
            " will mean this one, created after them.",
            "If others use 'latest' in the target, have them name a version first.",
            code="latest-moves",
        )


def refused_name(address: Address, called: Address) -> Iterable[Finding]:
    """A name that something was given once, and that nothing is given any more; `called`: the target's for it."""
    kind = moving_kinds()[address.kind]
    if why := kind.refuses(called):
        other = "Make it under another name in the source and let what uses it name that, and leave this one out"
        yield Finding(
            "error",
            str(address),
            f"Azure will not make it under its name in the target: {why}.",
            f"{'Plan again with --rename and another name' if kind.regional else f'{other} with --exclude'};"
            " or waive this finding to have `run` try.",
            code="name-refused",
        )


def names_source(address: Address, document: Document, mapping: Mapping) -> Iterable[Finding]:
    """A body that cannot be rewritten whole, or is in the target already, and names the source."""
    # What goes with the workspace is shown first: of a waiver the removal takes only what was shown.
    parts = (properties_of(document), sent(document))
    named = (naming_workspace(one, mapping) or naming_source(one, mapping) for one in parts)
    if text := next(filter(None, named), ""):
        yield Finding(
            "blocks",
            str(address),
            f"In the target it names the source, and will break with it: '{text}'.",
            "Fix it, leave it out with --exclude, or waive this finding: nothing is green before.",
            code="names-source",
        )


def foreign_bytes(address: Address, places: Iterable[Location], theirs: Map[Key, Listing]) -> Iterable[Finding]:
    """An item whose bytes in the target are not all the source's: `theirs` by their place in the source."""
    listed = ((theirs.get(place.key), place) for place in places)
    found = {
        f"{place.container}/{one.path}"
        for listing, place in listed
        if listing
        for one in listing.below(place.path)
    }
    if found:
        blobs, be = many(len(found), "blob"), agreed(len(found), "is", "are")
        yield Finding(
            "blocks",
            str(address),
            f"{blobs} of its bytes in the target {be} not the source's, or too many:"
            f" {few(sorted(found), _NAMED)}. Whoever waives these items leaves it over somebody else's bytes.",
            "Clear them in the target and plan again; or waive both: each blob, and this finding.",
            code="foreign-bytes",
        )


def signed_lines(step: Step) -> Iterable[Finding]:
    """Lines of a file that are to be written anew and hold a secret, which no plan can hold."""
    found = [rewrite.where for rewrite in step.rewrites if masked(rewrite.before) != rewrite.before]
    if found:
        yield Finding(
            "error",
            str(step.address),
            f"{many(len(found), 'line that names', 'lines that name')} the old workspace"
            f" {agreed(len(found), 'holds', 'hold')} a secret, as a signature:"
            f" {', '.join(found[:_NAMED])}",
            "Take the secret out of the file in the source, or leave out what refers to it with --exclude.",
            code="signed-lines",
        )


def without_twin(asset: Asset, mapping: Mapping, listings: Map[tuple[str, str], Listing]) -> Iterable[Finding]:
    """A datastore of the service's that the target does not have: it is not known where what lies in it goes."""
    store = moving_kinds()[asset.address.kind].storage(asset).datastore
    if store and store.system and store.root:
        listing = listings.get(store.root.key)
        twin = mapping.target.datastore(store.name)
        if listing and listing.blobs and not (twin and twin.root):
            yield Finding(
                "error",
                str(asset.address),
                "The target has no such datastore: where"
                f" {many(len(listing.blobs), 'blob goes', 'blobs go')} is not known.",
                "Every workspace is made with it: create it in the target over the container that was made for it"
                " (az ml datastore create), and plan again.",
                code="datastore-without-twin",
            )


def left_behind(listing: Listing) -> Iterable[Finding]:
    """What a copy of the blobs as they are now does not take along from a container."""
    address, past = str(address_of(listing.place.at(""))), listing.past
    if past and not past.known:
        yield Finding(
            "blocks",
            address,
            "Whether its blobs have snapshots or earlier versions could not be asked: none are copied.",
            "Look at the account's data protection settings, and keep the container where they count.",
            code="blob-history-unread",
        )
    elif past and (told := beside(past)):
        yield Finding(
            "blocks",
            address,
            f"It holds what no copy takes along: {', '.join(told)}.",
            "They stay in the old account: keep the container for as long as they count.",
            code="blob-history-left",
        )
    if past and past.deleted:
        yield Finding(
            "warning",
            address,
            f"It has {many(past.deleted, 'deleted blob')} that its account still keeps: no copy takes them along.",
            "Bring back what counts (az storage blob undelete) and plan again.",
            code="deleted-blobs-left",
        )
    if past and past.directories:
        yield Finding(
            "warning",
            address,
            "It has a hierarchical namespace: the access lists of its"
            f" {many(past.directories, 'directory', 'directories')} and of the files in"
            f" {agreed(past.directories, 'it', 'them')} are not copied.",
            "Whoever reads by them needs a role on the target's account, or the same lists there.",
            code="access-lists-left",
        )
    if listing.holds:
        yield Finding(
            "warning",
            address,
            f"It is under {' and '.join(listing.holds)}, which no copy takes along.",
            "Set the same in the target once the source is removed: until then the lease is written there. As long"
            " as it lasts, the old container cannot be deleted.",
            code="blob-holds",
        )
