"""Which containers may be deleted at all, and that a target with the source's account is always seen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest
from tests.builders.errors import refusal
from tests.builders.world import SOURCE, TARGET, asset, blob, inventory

from amlmigrate.bytes.listings import Listing, listing_digest
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.asset import Past
from amlmigrate.core.errors import RefusedError
from amlmigrate.core.events import ignore
from amlmigrate.core.reference_targets import leads_into
from amlmigrate.core.workspace import Location
from amlmigrate.decommissioning import containers
from amlmigrate.decommissioning.copy_proof import CopyProof
from amlmigrate.decommissioning.references import SeenTarget
from amlmigrate.posture.sharing import foreign

ID = SOURCE.workspace_id
GUID = "11111111-2222-3333-4444-555555555555"
OWN = (f"azureml-blobstore-{ID}", "azureml", f"{ID}-abcdefghijklmnopqrstuvwxyz", f"{ID[:10]}-{GUID}")
THEIRS = ("team", f"azureml-blobstore-{GUID}", f"{ID[:10]}-mine", "azureml-mine", f"x{ID}-abc", ID)


@pytest.mark.parametrize("name", (*OWN, *THEIRS))
def test_only_names_that_the_service_gives(name: str) -> None:
    place = Location(SOURCE.storage_account, name)
    assert bool(containers.deletable(SOURCE, [place])) is (name in OWN)
    assert containers.deletable(SOURCE, [Location("another", name)]) == []


@dataclass
class _Azure:
    """A caller who sees nothing but the source, and an account whose locks answer with a list or an error."""

    locks: tuple[dict[str, Any], ...] | ServiceError = ()

    async def permissions(self, scope: str) -> list[dict[str, Any]]:
        return [{"actions": ["*"], "notActions": []}]

    async def pages(self, path: str, *_: Any, **__: Any) -> AsyncIterator[dict[str, Any]]:
        if path.endswith("/locks"):
            if isinstance(self.locks, ServiceError):
                raise self.locks
            for lock in self.locks:
                yield lock

    async def containers(self, account: str) -> dict[str, tuple[str, ...]]:
        return {}


def _deletion(azure: _Azure, target: SeenTarget) -> containers.Deletion:
    side = type("Side", (), {"arm": azure, "roles": azure, "blobs": azure})()
    clouds: Any = type("Session", (), {"source": side, "target": side})()
    return containers.Deletion(clouds, SOURCE, target, CopyProof({}))


async def test_the_target_in_the_same_account_needs_no_listing() -> None:
    found = await _deletion(_Azure(), SeenTarget(inventory(), ())).reasons([])
    assert found == [f"The storage account serves another workspace: {SOURCE.id}."]


@pytest.mark.parametrize(
    ("locks", "says"),
    [
        ((), []),
        (({"id": "/a/lock", "properties": {"level": "CanNotDelete"}},), ["A lock is in the way: /a/lock"]),
        (refusal(403, "AuthorizationFailed"), ["not known: its locks could not be read (AuthorizationFailed)"]),
        (refusal(404, "ResourceNotFound"), ["not known: its locks could not be read (ResourceNotFound)"]),
        (refusal(401, "InvalidAuthenticationToken"), ["not known"]),
    ],
)
async def test_locks_that_were_not_read_are_no_proof_that_there_are_none(
    locks: tuple[dict[str, Any], ...] | ServiceError, says: list[str]
) -> None:
    found = await _deletion(_Azure(locks), SeenTarget(inventory(of=TARGET), ())).reasons([])
    assert len(found) == len(says) and all(text in line for text, line in zip(says, found, strict=True))


async def test_locks_that_may_be_read_later_are_an_error() -> None:
    with pytest.raises(ServiceError):
        await _deletion(_Azure(refusal(503, "ServerBusy")), SeenTarget(inventory(of=TARGET), ())).reasons([])


@pytest.mark.parametrize("place", ["acct/somebodys", "acct/azureml-blobstore-" + "0" * 8, "another/azureml"])
async def test_what_a_ledger_names_and_is_not_the_workspaces_own_is_never_deleted(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of what may be deleted is in the ledger, which somebody may have edited."""

    async def listed(_: Any, where: Location) -> tuple[Listing, bool]:
        return Listing(where, past=LOOKED_AT), True

    async def delete(*_: Any) -> list[str]:
        raise AssertionError("it was asked for")

    async def first() -> None:
        return None

    monkeypatch.setattr(containers, "_listed", listed)
    monkeypatch.setattr(containers, "_delete", delete)
    wanted = {place: listing_digest([])}
    done = await _deletion(_Azure(), SeenTarget(inventory(of=TARGET), ())).delete(wanted, lambda _: None, first)
    assert done.deleted == [] and [one.id for one in done.kept] == [place]
    assert "for this workspace" in done.kept[0].reasons[0]


LOOKED_AT = Past()


def test_a_blob_of_which_the_target_has_another_one_is_in_no_manifest() -> None:
    place = Location("acct", "c")
    listing = Listing(place, {path: blob(path) for path in ("d/1", "d/2")}, past=Past())
    copied = {Location("acct", "c", "d"): "blobs/c/d"}
    assert containers._lost(listing, CopyProof(copied)) == []
    apart = CopyProof(copied, apart=frozenset({Location("acct", "c", "d/2")}))
    assert containers._lost(listing, apart) == ["1 blob in 'c' is in no manifest."]


@pytest.mark.parametrize(
    ("past", "holds", "says"),
    [
        (LOOKED_AT, (), []),
        (None, (), ["is not known"]),
        (Past(known=False), (), ["is not known"]),
        (
            Past(1, 2, legal_holds=3, policies=4),
            (),
            ["1 snapshot, 2 earlier versions, 3 blobs under a legal hold, 4 blobs under an"],
        ),
        (Past(deleted=5), (), ["5 deleted blobs that its account still keeps"]),
        (LOOKED_AT, ("a legal hold", "an immutability policy"), ["under a legal hold and an immutability policy"]),
    ],
)
def test_what_no_copy_has_keeps_a_container(past: Past | None, holds: tuple[str, ...], says: list[str]) -> None:
    listing = Listing(Location("mlprod", "azureml"), past=past, holds=holds)
    found = containers._lost(listing, CopyProof({}))
    assert len(found) == len(says) and all(text in line for text, line in zip(says, found, strict=True))
    assert containers._lost(replace(listing, exists=False, past=None, holds=()), CopyProof({})) == []


POINTING = (
    "https://mlprod.blob.core.windows.net/azureml",
    "see 'https://mlprod.dfs.core.windows.net:443/azureml/x'",
    "https://mlprod-secondary.blob.core.windows.net/azureml?sv=1",
    "abfss://azureml@mlprod.dfs.core.windows.net/x",
    f"{SOURCE.storage_account_id.rpartition('/')[0]}/mlprod/blobServices/default/containers/azureml",
)
PASSING_BY = (
    # The account's name is the start of the workspace's, and the container's is the scheme.
    "azureml://subscriptions/s/resourcegroups/g/workspaces/mlprod-cmk/datastores/d/paths/x",
    "azureml://subscriptions/s/resourcegroups/mlprod/workspaces/w/datastores/d/paths/x",
    "https://mlprod.blob.core.windows.net/azureml-mine/x",
    "https://mlprod.blob.core.windows.net/other/azureml/x",
    "https://mlprod2.blob.core.windows.net/azureml/x",
)


AZUREML = [Location("mlprod", "azureml")]


@pytest.mark.parametrize("text", (*POINTING, *PASSING_BY))
def test_only_what_names_the_container_itself_leads_into_it(text: str) -> None:
    assert leads_into({"dataUri": text}, AZUREML) is (text in POINTING)


@pytest.mark.parametrize(
    "properties",
    [
        {"accountName": "MLProd", "containerName": "AzureML"},
        {"accountName": "mlprod", "filesystem": "azureml", "datastoreType": "AzureDataLakeGen2"},
        {"accountName": "mlprod", "containerName": "azureml", "endpoint": "core.chinacloudapi.cn"},
        {"accountName": "mlprod-secondary", "containerName": "azureml"},
        {"datastoreType": "Tomorrow", "root": {"of": "mlprod", "within": "azureml"}},
    ],
)
def test_a_datastore_names_the_account_and_the_container_apart(properties: dict[str, Any]) -> None:
    assert leads_into(properties, AZUREML)
    assert not leads_into(properties, [Location("mlprod2", "azureml"), Location("mlprod", "azureml2")])
    assert leads_into(properties, [Location("other", "x"), *AZUREML])


def test_what_is_in_the_target_and_leads_into_a_container_is_named() -> None:
    target = SeenTarget(inventory(asset("data/d/1", dataUri=POINTING[0]), of=TARGET), ())
    assert _deletion(_Azure(), target)._pointing(AZUREML) == [
        "data/d/1 in the target points into the source's containers."
    ]


def test_containers_of_other_workspaces() -> None:
    names = (
        f"azureml-blobstore-{ID}",
        f"azureml-blobstore-{GUID}",
        f"azureml-filestore-{GUID}",
        "azureml-blobstore-x",
    )
    assert foreign(names, ID) == (f"azureml-blobstore-{GUID}", f"azureml-filestore-{GUID}")


@dataclass
class _Account(_Azure):
    """An account with one container: what it says of its blobs, whether its list has it, and what was deleted."""

    there: bool = True
    listed: bool = True
    deleted: list[Location] = field(default_factory=list)
    refuses: Exception | None = None

    async def containers(self, account: str) -> dict[str, tuple[str, ...]]:
        return {"azureml": ()} if self.listed else {}

    async def listing_with_past(self, place: Location) -> Any:
        if not self.there:
            raise refusal(404, "ContainerNotFound")
        return [], True, Past()

    async def delete_container(self, place: Location, first: Any) -> None:
        await first()
        if self.refuses:
            raise self.refuses
        self.deleted.append(place)

    async def get(self, *_: Any) -> Any:
        return {"properties": {}}


async def _ready() -> None:
    pass


async def _back() -> None:
    raise RefusedError("No more.", reasons=("It is there again.",), address="x", remedy="Look.")


@pytest.mark.parametrize(
    ("account", "first", "deleted", "why"),
    [
        (_Account(), _ready, True, ""),
        # Gone already, as where a removal was cut off after it went.
        (_Account(there=False, listed=False), _ready, True, ""),
        # An answer in between is no knowledge: nothing is told as deleted that the account still lists.
        (_Account(there=False), _ready, False, "its account lists it"),
        (_Account(), _back, False, "It is there again."),
        (
            _Account(refuses=refusal(409, "LeaseIdMissing")),
            _ready,
            False,
            "refuses to delete it: LeaseIdMissing",
        ),
    ],
)
async def test_only_what_is_gone_is_told_as_deleted(
    account: _Account, first: Any, deleted: bool, why: str
) -> None:
    name = f"{SOURCE.storage_account}/azureml"
    nothing = listing_digest([])
    found = await _deletion(account, SeenTarget(inventory(of=TARGET), ())).delete({name: nothing}, ignore, first)
    assert (found.deleted == [name]) is deleted
    assert all(why in reason for one in found.kept for reason in one.reasons) and bool(found.kept) is bool(why)
    assert bool(account.deleted) is (deleted and account.there)


@dataclass
class _Unseen(_Account):
    """The same to a caller who may not read every workspace of the subscription."""

    async def permissions(self, scope: str) -> list[dict[str, Any]]:
        return []


POINTS = SeenTarget(
    inventory(asset("data/d/1", dataUri=POINTING[0].replace("mlprod", SOURCE.storage_account)), of=TARGET), ()
)
LOCKED = ({"id": "/a/lock", "properties": {"level": "CanNotDelete"}},)


@pytest.mark.parametrize(
    ("account", "target", "copied", "digest", "why"),
    [
        (_Account(), POINTS, CopyProof({}), listing_digest([]), "data/d/1 in the target points into"),
        (_Unseen(), None, CopyProof({}), listing_digest([]), "is not known: no right to read every workspace"),
        (_Account(), None, CopyProof({}, unproven=("it was lost",)), listing_digest([]), "it was lost"),
        (_Account(), None, CopyProof({}), "another", "are not what they were when they were verified"),
        (_Account(locks=LOCKED), None, CopyProof({}), listing_digest([]), "A lock is in the way: /a/lock"),
    ],
)
async def test_each_thing_alone_keeps_a_container_right_before_it_goes(
    account: _Account, target: SeenTarget | None, copied: CopyProof, digest: str, why: str
) -> None:
    """Whatever the gate has seen, which may be weeks ago."""
    name = f"{SOURCE.storage_account}/azureml"
    deletion = replace(_deletion(account, target or SeenTarget(inventory(of=TARGET), ())), copies=copied)
    found = await deletion.delete({name: digest}, ignore, _ready)
    [kept] = found.kept
    assert kept.id == name and len(kept.reasons) == 1 and why in kept.reasons[0]
    assert not account.deleted and not found.deleted


@dataclass
class _Two(_Account):
    """An account in which another workspace begins as soon as the first container has gone."""

    begins: bool = False

    async def containers(self, account: str) -> dict[str, tuple[str, ...]]:
        theirs = {f"azureml-blobstore-{GUID}": ()} if self.begins and self.deleted else {}
        return {"azureml": (), OWN[0]: (), **theirs}


@pytest.mark.parametrize("begins", [False, True])
async def test_the_common_container_goes_last_and_stays_where_another_workspace_has_begun(begins: bool) -> None:
    account, nothing = _Two(begins=begins), listing_digest([])
    common, own = (f"{SOURCE.storage_account}/{name}" for name in ("azureml", OWN[0]))
    found = await _deletion(account, SeenTarget(inventory(of=TARGET), ())).delete(
        {common: nothing, own: nothing}, ignore, _ready
    )
    assert found.deleted == [own, *([] if begins else [common])]
    assert [one.id for one in found.kept] == [common] * begins


@pytest.mark.parametrize("status", [403, 409, 412])
async def test_a_container_that_the_service_keeps_is_told_with_its_words(status: int) -> None:
    blobs: Any = SimpleNamespace(delete_container=AsyncMock(side_effect=refusal(status, "Kept")))
    [why] = await containers._delete(blobs, Location("acct", "c"), AsyncMock())
    assert "refuses to delete it: Kept" in why


@pytest.mark.parametrize("status", [401, 404, 411, 413, 500])
async def test_any_other_answer_to_a_deletion_is_raised(status: int) -> None:
    blobs: Any = SimpleNamespace(delete_container=AsyncMock(side_effect=refusal(status, "Other")))
    with pytest.raises(ServiceError):
        await containers._delete(blobs, Location("acct", "c"), AsyncMock())
