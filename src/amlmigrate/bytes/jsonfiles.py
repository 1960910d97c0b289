"""`.json` and `.jsonl` files that tables and file assets name: what they are in the target, and what they name.

So AutoML's data for images lies (learn.microsoft.com, reference-automl-images-schema): JSON Lines beside an
`MLTable`, each with the address of an image in the workspace that it was made in.
"""

from __future__ import annotations

import base64
import hashlib
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from amlmigrate.bytes.deltalogs import is_log
from amlmigrate.core import jsontext
from amlmigrate.core.file_rewrite import AnewFile
from amlmigrate.core.mapping import Mapping, Rewrite
from amlmigrate.core.redaction import masked
from amlmigrate.core.reference import Reference, one_version
from amlmigrate.core.reference_targets import Lead, lead
from amlmigrate.core.workspace import Location

# A larger one is copied as it is, and told.
LARGEST = 64 * 2**20
_SHOWN = 5
_LINES = ".jsonl"
_ENDINGS = (".json", _LINES)
# The name of a file that means nothing but itself in any form of address.
_NAME = re.compile(r"\w(?:[\w .()+-]*\w)?")
_FOLDERS = 10_000


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """What comes of a file: how it is written anew, None where nothing in it changes; what of the source it names.

    What it names is the folders of its files, since one may name millions. `signed`: how many of the strings that
    change hold a secret; `versions`: how many of those that lead to bytes that move name one version or snapshot.
    """

    anew: AnewFile | None
    names: tuple[Reference, ...] = ()
    signed: int = 0
    versions: int = 0


def is_json(path: str) -> bool:
    """Whether a file is one of these, by its name. A log of a Delta table is not: its checkpoints say the same."""
    return path.lower().endswith(_ENDINGS) and not is_log(path)


def written_anew(path: str, data: bytes, mapping: Mapping) -> bytes:
    """The file as it has to be in the target. Raises NotJsonError."""
    return _anew(path, data, mapping, lambda _: None).data


def planned(file: Location, data: bytes, mapping: Mapping) -> PlannedFile:
    """What a plan needs to know of a file. Raises NotJsonError."""
    names: dict[Reference, None] = {}
    signed: set[str] = set()
    versions: set[str] = set()

    def see(found: Lead) -> None:
        if (name := _name(found, file)) is not None:
            names.setdefault(name)
        if found.after != found.address and masked(found.address) != found.address:
            signed.add(found.address)
        if found.goal is not None and one_version(found.address):
            versions.add(found.address)

    found = _anew(file.path, data, mapping, see)
    if not found.count:
        return PlannedFile(None, tuple(names), versions=len(versions))
    md5 = base64.b64encode(hashlib.md5(found.data, usedforsecurity=False).digest()).decode()
    lines = tuple(
        Rewrite(f"{file.path}:{one.number}", masked(one.before), masked(one.after)) for one in found.lines
    )
    before, after = (hashlib.sha256(one).hexdigest() for one in (data, found.data))
    made = AnewFile(file.path, before, after, md5, len(found.data), found.count, lines)
    return PlannedFile(made, tuple(names), len(signed), len(versions))


def _anew(path: str, data: bytes, mapping: Mapping, see: Callable[[Lead], None]) -> jsontext.RewrittenText:
    meaning = _Meaning(mapping, see)
    return jsontext.anew(data, meaning.of, by_line=path.lower().endswith(_LINES), shown=_SHOWN)


class _Meaning:
    """What strings of a file mean in the target; `see` is told of where they lead, once for those of one folder.

    A file may name a million others of one folder: only the last part of these addresses differs, and where the
    folder is does not depend on it.
    """

    def __init__(self, mapping: Mapping, see: Callable[[Lead], None]) -> None:
        self._mapping = mapping
        self._see = see
        # The beginning of addresses up to a folder's slash, as it is and as it is in the target.
        self._folders: dict[str, str] = {}

    def of(self, text: str) -> str:
        """The text that one comes to."""
        cut = text.rfind("/") + 1
        folder, name = text[:cut], text[cut:]
        plain = _NAME.fullmatch(name) is not None
        if plain and (known := self._folders.get(folder)) is not None:
            return known + name
        found = lead(text.strip(), self._mapping)
        if found is None:
            return text
        self._see(found)
        if plain and _is_below(found, name) and text == found.address and found.after.endswith(f"/{name}"):
            if len(self._folders) >= _FOLDERS:
                self._folders.clear()
            self._folders[folder] = found.after.removesuffix(name)
        return text.replace(found.address, found.after) if found.after != found.address else text


def _is_below(found: Lead, name: str) -> bool:
    """Whether an address ends with a file's name, behind all that says where its folder is, and has no secret.

    What lies at the root of a container is in no folder: each such file is named by itself.
    """
    reference = found.reference
    path = reference.path if reference.datastore else reference.location.path if reference.location else None
    whole = path is not None and not reference.job and path.endswith(f"/{name}")
    return whole and masked(found.address) == found.address


def _name(found: Lead, file: Location) -> Reference | None:
    """What a string names of the source, by the folder that it lies in; None for what is somebody else's."""
    reference, where = found.reference, f"{file.container}/{file.path}"
    if found.location is None or found.goal is None:
        # A datastore over somebody else's storage, or another asset, has to be there all the same.
        named = (found.ours or reference.scope.local) and (reference.datastore or reference.kind)
        path = _folder(reference.path or "") if reference.datastore else None
        return replace(reference, text=_text(reference), where=where, path=path) if named else None
    folder = _folder(found.location.path)
    if reference.datastore:
        return replace(
            reference, text=_text(reference), where=where, path=_folder(reference.path or ""), exact=True
        )
    place = replace(found.location, path=folder)
    return Reference(f"{place.container}/{place.path}", where, location=place, exact=True)


def _text(reference: Reference) -> str:
    """What a finding says of it: the address without the file that it ends with."""
    return reference.text.rpartition("/")[0] if reference.datastore else reference.text


def _folder(path: str) -> str:
    """The folder of a file; of one that lies in none, the file itself."""
    return posixpath.dirname(path.rstrip("/")) or path.rstrip("/")
