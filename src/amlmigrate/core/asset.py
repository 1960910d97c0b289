"""An asset as it was read from a workspace, and the inventory of all that a workspace holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from amlmigrate.core.address import Address
from amlmigrate.core.documents import Document, properties_of
from amlmigrate.core.file_rewrite import AnewFile
from amlmigrate.core.finding import Finding
from amlmigrate.core.packed_documents import PackedDocument
from amlmigrate.core.reference import Reference
from amlmigrate.core.workspace import Datastore, Location, SurveyedWorkspace


@dataclass(frozen=True, slots=True)
class Content:
    """A file among bytes that names other places: where it lies, its text, and all that it names."""

    place: Location
    text: str
    names: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class AssetStorage:
    """What an asset is to its workspace's storage; most have bytes at the URIs of their document and nothing else.

    `datastore`: the datastore that it is, for references through it. `upload`: where the service put its bytes at
    upload, if it does so outside the default container. `files`: paths, below its bytes, of the files without
    which it means nothing. `tables`: whether files that name other places may lie anywhere among its bytes.
    `one_file`: whether its bytes are one file, which it names.
    """

    datastore: Datastore | None = None
    upload: Location | None = None
    files: tuple[str, ...] = ()
    tables: bool = False
    one_file: bool = False


@dataclass(frozen=True, slots=True)
class Many:
    """What one item stands for where it stands for many: a line each, kept in a file beside the plan.

    `names` is what they refer to, each once; `outputs` where what they made lies, by who made it and its name.
    """

    lines: tuple[Document, ...] = ()
    names: tuple[Reference, ...] = ()
    outputs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    # Those of them that write bytes of their own.
    writers: frozenset[str] = frozenset()


_ONE = Many()


@dataclass(frozen=True)
class Asset:
    """One document of a workspace with its address."""

    address: Address
    document: PackedDocument = PackedDocument()  # noqa: RUF009 - a descriptor
    # The files among its bytes that name other places.
    contents: tuple[Content, ...] = ()
    # Why it is left to do by hand, and how that is done; '' of what may move.
    reason: str = ""
    remedy: str = ""
    many: Many = _ONE
    # The storage account that it lies in, where it lies in one.
    account: str = ""
    # Whether it holds nothing: an item that nobody has to do anything about.
    empty: bool = False
    # Who made it, by the name that the directory has for the id in the document.
    made_by: str = ""
    # Other documents of its workspace that its translation takes, by what it calls them.
    beside: Mapping[str, Document] = field(default_factory=dict)

    @property
    def properties(self) -> Document:
        """The properties of the document."""
        return properties_of(self.document)

    @property
    def created_at(self) -> str:
        """`systemData.createdAt`, padded so that its text sorts as its time does (AZ-ARM-21); '' where there is
        none."""
        text = str((self.document.get("systemData") or {}).get("createdAt") or "")
        seconds, _, fraction = text.replace("Z", "").replace("+00:00", "").partition(".")
        return f"{seconds}.{fraction:0<9}" if seconds else ""

    @property
    def archived(self) -> bool:
        """Whether it is archived."""
        return bool(self.properties.get("isArchived"))

    @property
    def anonymous(self) -> bool:
        """Whether the service made its name."""
        return bool(self.properties.get("isAnonymous"))

    @property
    def not_listed(self) -> bool:
        """Whether it stands for what the service did not list, so that nobody knows what there is."""
        return bool(self.document.get("not_listed"))

    @property
    def owner(self) -> str:
        """Who made it, where that is known: by name, else by id."""
        return self.made_by or self.owner_id

    @property
    def owner_id(self) -> str:
        """Who made it, as the document says."""
        return str((self.document.get("systemData") or {}).get("createdBy") or "")


# Names of encryption scopes have no colon.
SENT_KEY = "sha256:"
ARCHIVE_TIER = "Archive"
# In a share.
FILE_KIND, FOLDER_KIND = "File", "Directory"
# The version of a directory is always the same: its times change with whatever is made in it.
FOLDER_ETAG = '"directory"'


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob as a listing shows it: length in bytes, base64 MD5 label, quoted ETag."""

    path: str
    length: int
    etag: str
    md5: str | None = None
    kind: str = "BlockBlob"
    headers: tuple[tuple[str, str], ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
    tags: tuple[tuple[str, str], ...] | None = ()
    tier: str | None = None
    # The encryption scope that the service names, or SENT_KEY and the hash of the key that its writer sent along.
    encryption: str | None = None
    # Of a file in a share: its attributes, when it was made and when its bytes were written last.
    attributes: tuple[tuple[str, str], ...] = ()

    @property
    def folder(self) -> bool:
        """Whether it is a directory of a share, of which only that it is there counts."""
        return self.kind == FOLDER_KIND

    @property
    def sent_key(self) -> bool:
        """Whether only who sends its writer's key along reads it: the service does not keep that key."""
        return bool(self.encryption and self.encryption.startswith(SENT_KEY))

    @property
    def shut(self) -> str:
        """Why nothing reads its bytes, no copy inside Azure either, as far as a list shows; empty where it may."""
        if self.tier == ARCHIVE_TIER:
            return "it is in the archive tier"
        return "it is encrypted with a key that its writer sent along" if self.sent_key else ""


@dataclass(frozen=True, slots=True)
class Past:
    """What a listing shows beside the blobs as they are now, and no copy takes along.

    How many snapshots and earlier versions there are, how many deleted blobs the account still keeps, and how many
    of all are under a legal hold or an immutability policy of their own; `known`: whether it was asked for them.
    `directories` are those of a hierarchical namespace, which have access lists.
    """

    snapshots: int = 0
    versions: int = 0
    deleted: int = 0
    legal_holds: int = 0
    policies: int = 0
    known: bool = True
    directories: int = 0


@dataclass(slots=True)
class Inventory:
    """All that a workspace holds: the assets that may move, and what is left to do by hand."""

    workspace: SurveyedWorkspace
    assets: dict[Address, Asset] = field(default_factory=dict)
    by_hand: list[Asset] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    # Files among its bytes that are written anew as a whole, by where they lie.
    anew: dict[Location, AnewFile] = field(default_factory=dict)
    # What those name that are listed as many, each once.
    of_jobs: tuple[Reference, ...] = ()
