"""Where an asset came from, kept as properties of the new one: old id, author, times and job.

The service sets `systemData` itself, and a job stays behind; these properties are what is left of them.
"""

from __future__ import annotations

from amlmigrate.core.asset import Asset
from amlmigrate.core.documents import Document, properties_of

PREFIX = "migratedFrom."
# Changes with every later write to the source, so it is told but never compared.
_TIME = f"{PREFIX}lastModifiedAt"
# Of a name these are those of its newest version (AZ-LIST-16): they change with every version that is made.
_OF_NEWEST = (_TIME, f"{PREFIX}createdAt", f"{PREFIX}createdBy")
_ID = f"{PREFIX}id"


def stamped(asset: Asset, properties: Document) -> Document:
    """The free-form properties of an asset with its provenance; that of an earlier move is kept below it."""
    system = asset.document.get("systemData") or {}
    facts = {
        "id": asset.document.get("id"),
        "createdAt": system.get("createdAt"),
        "createdBy": system.get("createdBy"),
        "lastModifiedAt": system.get("lastModifiedAt"),
        "jobName": asset.properties.get("jobName"),
    }
    kept = {f"{PREFIX}{key}" if key.startswith(PREFIX) else key: value for key, value in properties.items()}
    return kept | {f"{PREFIX}{name}": str(fact) for name, fact in facts.items() if fact}


def comparable(expected: Document, actual: Document, bag: str, *, name: bool = False) -> tuple[Document, Document]:
    """Two canonical documents for comparing: an asset that was there before has no provenance, and needs none.

    `name` says that they are of the name of versions, and not of one of these.
    """
    told = _OF_NEWEST if name else (_TIME,)
    foreign = _ID not in (actual.get(bag) or {})
    return _without(expected, (PREFIX,) if foreign else told, bag), _without(actual, told, bag)


def same_origin(expected: Document, actual: Document, bag: str) -> bool:
    """Whether two documents, as bodies, name one asset that they came from."""
    left, right = ((properties_of(body).get(bag) or {}).get(_ID) for body in (expected, actual))
    return bool(left) and left == right


def _without(canonical: Document, start: tuple[str, ...], bag: str) -> Document:
    if bag not in canonical:
        return canonical
    kept = {key: value for key, value in canonical[bag].items() if not key.startswith(start)}
    rest = {key: value for key, value in canonical.items() if key != bag}
    return rest | {bag: kept} if kept else rest
