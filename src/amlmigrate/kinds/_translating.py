"""From a document of the source to the one to PUT: what names the source is written anew, secrets are markers."""

from __future__ import annotations

from typing import Any

from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, mapped
from amlmigrate.core.few import few
from amlmigrate.core.finding import Finding
from amlmigrate.core.json_strings import members, old_names, rewritten, told_of_source
from amlmigrate.core.mapping import Mapping, Rewrite
from amlmigrate.core.redaction import masked, signed
from amlmigrate.kinds._secrets import marked


def translated(
    asset: Asset, sent: Document, mapping: Mapping, where: str = ""
) -> tuple[Document, list[Rewrite], list[Finding]]:
    """A part of an asset's document as the target gets it; `where` is the JSON pointer of that part."""
    known = {member.where: member for member in members(sent)}
    rewrites: list[Rewrite] = []
    broken: list[Finding] = []

    def change(place: str, text: str) -> Any:
        after, leads = rewritten(known[place], mapping) if text else (text, [])
        if leads:
            rewrites.append(Rewrite(f"{where}{place}", masked(text), masked(after)))
            broken.extend(_signed(asset, one.address) for one in leads if signed(one.address))
        return marked(f"{where}{place}", after)

    found = mapped(sent, change)
    told = _only_told(asset, where, told_of_source(sent, mapping))
    return found, rewrites, [*broken, *told, *_by_old_names(asset, where, found, mapping)]


def _only_told(asset: Asset, where: str, pointers: list[str]) -> list[Finding]:
    if not pointers:
        return []
    named = few([f"{where}{pointer}".removeprefix("/") for pointer in pointers])
    return [
        Finding(
            "warning",
            str(asset.address),
            f"Text of it names the old workspace, and continues to do so: {named}.",
            "Nothing follows such text, and it is moved as it is: if people need it, say there where it is now.",
            code="text-names-source",
        )
    ]


def _by_old_names(asset: Asset, where: str, body: Document, mapping: Mapping) -> list[Finding]:
    """What may name something that has another name in the target, in the translated body."""
    named = old_names(body, mapping)
    return [
        Finding(
            "warning",
            str(asset.address),
            f"It says '{old.name}', which the target calls '{mapping.called(old).name}':"
            f" {few([f'{where}{one}'.removeprefix('/') for one, of in named.items() if of == old])}.",
            f"Nothing follows such text. If it means {old}, as an input that is the name of a compute may, change"
            " it in the source and plan again, or in the target.",
            code="old-name",
        )
        for old in dict.fromkeys(named.values())
    ]


def _signed(asset: Asset, url: str) -> Finding:
    return Finding(
        "error",
        str(asset.address),
        f"It has a signature of the old account, which opens nothing at the place that it moves to: '{url}'.",
        "Leave it out with --exclude and create it in the target, or name it through a datastore in the source.",
        code="signed-url",
    )
