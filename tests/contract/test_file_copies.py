"""A file of a share goes with all that it has, in one piece, and over nothing that is somebody else's."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from typing import Any

import pytest
from azure.storage.fileshare import ContentSettings
from azure.storage.fileshare.aio import ShareFileClient, ShareLeaseClient
from tests.acceptance.world import World, make_world
from tests.builders import fault

from amlmigrate.cloud import filecopies, fileplacing, retrying
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.cloud.session import Side
from amlmigrate.cloud.shares import Shares
from amlmigrate.core.asset import FOLDER_ETAG, FOLDER_KIND, Blob
from amlmigrate.core.errors import InterruptedRunError, MigrateError
from amlmigrate.core.lease import FOLDER
from amlmigrate.core.workspace import Location, Service

SHARE = "copies"
DATA = bytes(range(256)) * 1024
OLD = "2021-02-03T04:05:06.1234567Z"
SHOWN = {
    "file_attributes": "ReadOnly|Hidden",
    "file_creation_time": OLD,
    "file_last_write_time": "2022-02-03T04:05:06.7654321Z",
    "metadata": {"owner": "ada"},
}
ODD = ("ends in dots...", "100%41 sure.py", "Ü [x]=1 'q'.ipynb", "日本 .txt", "CON", "semi;colon,.txt")


@pytest.fixture(scope="module")
def world(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two accounts, each with a share of the same name."""
    made = make_world(sandbox, tmp_path_factory.mktemp("copies"))
    for which in ("source", "target"):
        made.make_share(SHARE, which)
    return made


@pytest.fixture
def source(world: World, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Location:
    """A folder of the test's own."""
    monkeypatch.setattr(retrying, "_wait", lambda _: 0.0)
    folder = hashlib.sha256(request.node.name.encode()).hexdigest()[:12]
    return Location(world.account("source"), SHARE, folder, service=Service.FILE)


@pytest.fixture
def goal(world: World, source: Location) -> Location:
    return replace(source, account=world.account("target"))


def _client(side: Side, place: Location) -> ShareFileClient:
    return side.shares._files.file(place)


async def _made(side: Side, place: Location, data: bytes = DATA, **shown: Any) -> Blob:
    """A file as the list of its directory shows it. Attributes come last: one that is ReadOnly takes no bytes."""
    await side.shares._files.make_folders(place)
    times = {name: shown[name] for name in ("file_creation_time", "file_last_write_time") if name in shown}
    attributes = shown.pop("file_attributes", None)
    await _client(side, place).upload_file(data, **shown)
    if attributes:
        await _client(side, place).set_http_headers(ContentSettings(), file_attributes=attributes, **times)
    return await _listed(side.shares, place)


async def _listed(shares: Shares, place: Location) -> Blob:
    return {one.path: one for one in (await shares.listing(place))[0]}[place.path]


async def _whole(shares: Shares, place: Location) -> list[str]:
    """All that a share has below a folder, and what was left beside it."""
    client = shares._files.directory(place, FOLDER)
    beside = (
        [f"{FOLDER}/{one.name}" async for one in client.list_directories_and_files()]
        if await client.exists()
        else []
    )
    return [*[one.path for one in (await shares.listing(place))[0]], *beside]


async def test_all_that_a_file_has_goes_along(side: Side, source: Location, goal: Location) -> None:
    for number, name in enumerate(ODD):
        blob = await _made(side, source.below(f"Users/{name}"), DATA[: number * 1000], **SHOWN)
        etag = await side.shares.copy_from(side.shares, source.at(blob.path), blob, goal.at(blob.path))
        listed = await _listed(side.shares, goal.at(blob.path))
        assert listed == replace(blob, etag=etag)
        found, was = await side.shares.head(goal.at(blob.path)), await side.shares.head(source.at(blob.path))
        assert found and was and replace(found, etag=was.etag) == was
        assert found.metadata == (("owner", "ada"),) and dict(found.attributes)["created"] == OLD
        assert await side.shares.digest(goal.at(blob.path), listed) == await side.shares.digest(
            source.at(blob.path), blob
        )
    folder = Blob(f"{source.path}/Users/empty/er", 0, FOLDER_ETAG, kind=FOLDER_KIND, tags=None)
    assert (
        await side.shares.copy_from(side.shares, source.at(folder.path), folder, goal.at(folder.path))
        == FOLDER_ETAG
    )
    assert (
        await side.shares.copy_from(side.shares, source.at(folder.path), folder, goal.at(folder.path))
        == FOLDER_ETAG
    )
    assert await _listed(side.shares, goal.at(folder.path)) == folder
    assert side.shares.told(source, goal) == "", "nothing went through this machine"
    await side.shares.tidy(goal)
    assert FOLDER not in {path.split("/")[0] for path in await _whole(side.shares, goal)}


@pytest.mark.parametrize("other", [0, 1], ids=["its list", "a list of another"])
async def test_only_what_a_file_holds_is_copied(
    side: Side, world: World, source: Location, goal: Location, monkeypatch: pytest.MonkeyPatch, other: int
) -> None:
    blob = await _made(side, source.below("sparse"))
    ranges = "<Range><Start>0</Start><End>511</End></Range><Range><Start>200000</Start><End>262143</End></Range>"
    listed = fault(
        "GET",
        host=rf"^{source.account}\.file\.",
        query="comp=rangelist",
        times=0,
        status=200,
        body=f"<?xml version='1.0'?><Ranges>{ranges}</Ranges>",
        headers={"x-ms-content-length": str(len(DATA) + other), "Content-Type": "application/xml"},
    )
    asked: list[tuple[int, int]] = []
    inside = filecopies.FileCopies._inside

    async def put(self: Any, *rest: Any) -> None:
        asked.append((rest[-1].offset, rest[-1].length))
        await inside(self, *rest)

    monkeypatch.setattr(filecopies.FileCopies, "_inside", put)
    monkeypatch.setattr(filecopies, "PIECE", 50_000)
    with world.faults(listed):
        etag = await side.shares.copy_from(side.shares, source.at(blob.path), blob, goal.at(blob.path))
    found = await side.shares.read(goal.at(blob.path), len(DATA), etag)
    if other:
        assert found == DATA
        return
    assert sorted(asked)[:1] == [(0, 512)] and not any(512 <= offset < 200_000 for offset, _ in asked)
    assert found == DATA[:512] + bytes(200_000 - 512) + DATA[200_000:]


async def test_where_azure_does_not_copy_the_bytes_go_through_this_machine_and_that_is_told(
    side: Side, source: Location, goal: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    async def refused(self: Any, *_: Any) -> None:
        nonlocal tries
        tries += 1
        raise ServiceError(403, "CannotVerifyCopySource", "no", method="PUT", url="u")

    monkeypatch.setattr(filecopies.FileCopies, "_inside", refused)
    assert side.shares.told(source, goal) == ""
    for name in ("a", "b"):
        blob = await _made(side, source.below(name))
        await side.shares.copy_from(side.shares, source.at(blob.path), blob, goal.at(blob.path))
        assert await side.shares.read(goal.at(blob.path), len(DATA)) == DATA
    assert tries == 1, "an account that refuses one file refuses the next"
    told = side.shares.told(source, goal)
    assert "CannotVerifyCopySource" in told and source.account in told and goal.account in told


@pytest.mark.parametrize("change", ["written", "gone"])
async def test_of_a_source_that_changes_meanwhile_nothing_arrives(
    side: Side, source: Location, goal: Location, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    blob = await _made(side, source.below("a"))
    put = filecopies.FileCopies._put

    async def changed(self: Any, *rest: Any) -> None:
        await put(self, *rest)
        client = _client(side, source.below("a"))
        await (client.delete_file() if change == "gone" else client.upload_range(b"x", 0, 1))

    monkeypatch.setattr(filecopies.FileCopies, "_put", changed)
    with pytest.raises(ServiceError) as refused:
        await side.shares.copy_from(side.shares, source.at(blob.path), blob, goal.at(blob.path))
    assert (refused.value.status, refused.value.code) == (412, "SourceConditionNotMet")
    assert await side.shares.head(goal.at(blob.path)) is None


@pytest.mark.parametrize(
    ("rights", "copied"),
    [
        ("<AccessRightList><AccessRight>Read</AccessRight></AccessRightList>", True),
        (
            "<AccessRightList><AccessRight>Read</AccessRight><AccessRight>Write</AccessRight></AccessRightList>",
            False,
        ),
        ("", False),
    ],
    ids=["reads", "writes", "does not say"],
)
async def test_a_file_that_somebody_has_open_for_writing_is_not_copied(
    side: Side, world: World, source: Location, goal: Location, rights: str, *, copied: bool
) -> None:
    blob = await _made(side, source.below("a"))
    handle = (
        f"<Handle><HandleId>1</HandleId><Path>{blob.path}</Path><FileId>2</FileId><SessionId>3</SessionId>"
        f"<ClientIp>10.0.0.4</ClientIp><OpenTime>Mon, 30 Nov 2026 10:00:00 GMT</OpenTime>{rights}</Handle>"
    )
    open_ = fault(
        "GET",
        host=rf"^{source.account}\.file\.",
        query="comp=listhandles",
        times=0,
        status=200,
        body=f"<?xml version='1.0'?><EnumerationResults><Entries>{handle}</Entries><NextMarker /></EnumerationResults>",
        headers={"Content-Type": "application/xml"},
    )
    with world.faults(open_):
        if copied:
            await side.shares.copy_from(side.shares, source.at(blob.path), blob, goal.at(blob.path))
        else:
            with pytest.raises(ServiceError) as refused:
                await side.shares.copy_from(side.shares, source.at(blob.path), blob, goal.at(blob.path))
            assert (refused.value.status, refused.value.code) == (409, "SharingViolation")
    assert (await side.shares.head(goal.at(blob.path)) is not None) is copied


@pytest.mark.parametrize(
    "answered",
    [{"status": 403, "code": "AuthorizationPermissionMismatch"}, {"status": 200, "body": "<Ranges />"}],
    ids=str,
)
async def test_a_file_of_which_nobody_says_who_has_it_open_is_not_copied(
    side: Side, world: World, source: Location, goal: Location, answered: dict[str, Any]
) -> None:
    blob = await _made(side, source.below("a"))
    headers = {"Content-Type": "application/xml"}
    unread = fault(
        "GET", host=rf"^{source.account}\.file\.", query="comp=listhandles", times=0, headers=headers, **answered
    )
    with world.faults(unread), pytest.raises(MigrateError):
        await side.shares.copy_from(side.shares, source.at(blob.path), blob, goal.at(blob.path))
    assert await side.shares.head(goal.at(blob.path)) is None


async def test_what_somebody_writes_meanwhile_is_left(
    side: Side, source: Location, goal: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = await _made(side, source.below("a"))
    mine = await _made(side, goal.below("a"), b"old")
    put = filecopies.FileCopies._put

    async def changed(self: Any, *rest: Any) -> None:
        await put(self, *rest)
        await _made(side, goal.below("a"), b"theirs")

    monkeypatch.setattr(filecopies.FileCopies, "_put", changed)
    for replaces in (mine.etag, None):
        with pytest.raises(ServiceError) as refused:
            await side.shares.copy_from(
                side.shares, source.at(blob.path), blob, goal.at(blob.path), replaces=replaces
            )
        assert refused.value.status in (409, 412)
        assert await side.shares.read(goal.at(blob.path), 100) == b"theirs"
    await _client(side, goal.at(blob.path)).upload_range(b"T", 0, 1)


async def test_what_somebody_holds_is_left_and_what_a_killed_command_held_is_not(
    side: Side, source: Location, goal: Location
) -> None:
    blob, client = await _made(side, source.below("a")), _client(side, goal.below("a"))
    old = await _made(side, goal.below("a"), b"old")
    theirs: ShareLeaseClient = await client.acquire_lease()
    for change in (
        lambda: side.shares.copy_from(side.shares, source.below("a"), blob, goal.below("a"), replaces=old.etag),
        lambda: side.shares.delete(goal.below("a"), old.etag),
    ):
        with pytest.raises(ServiceError) as refused:
            await change()
        assert (refused.value.status, refused.value.code) == (409, "LeaseAlreadyPresent")
    await theirs.release()
    with pytest.raises(InterruptedError):
        async with fileplacing._leased(side.shares._files, goal.below("a"), old.etag):
            # Killed: nothing gives the lease back.
            raise InterruptedError
    lease = fileplacing._leased(side.shares._files, goal.below("a"), old.etag)
    await lease.__aenter__()
    etag = await side.shares.copy_from(side.shares, source.below("a"), blob, goal.below("a"), replaces=old.etag)
    assert await side.shares.read(goal.below("a"), len(DATA), etag) == DATA


async def test_metadata_is_there_whether_or_not_a_rename_keeps_it(
    side: Side, source: Location, goal: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = await _made(side, source.below("a"), metadata={"owner": "ada"})

    async def without(*_: Any, **__: Any) -> None: ...

    monkeypatch.setattr(ShareFileClient, "set_file_metadata", without)
    await side.shares.copy_from(side.shares, source.below("a"), blob, goal.below("a"))
    found = await side.shares.head(goal.below("a"))
    assert found and found.metadata == (("owner", "ada"),)


async def test_a_lease_that_stayed_with_what_was_replaced_is_given_back(
    side: Side, source: Location, goal: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob, old = await _made(side, source.below("a")), await _made(side, goal.below("a"), b"old")
    renamed = fileplacing._renamed

    async def stayed(*rest: Any) -> str:
        etag = await renamed(*rest)
        await _client(side, goal.below("a")).acquire_lease(lease_id=rest[-1])
        return etag

    monkeypatch.setattr(fileplacing, "_renamed", stayed)
    await side.shares.copy_from(side.shares, source.below("a"), blob, goal.below("a"), replaces=old.etag)
    await _client(side, goal.below("a")).upload_range(b"T", 0, 1)


@pytest.mark.parametrize("status", [(409, "SharingViolation"), (403, "AuthorizationPermissionMismatch")])
async def test_a_refused_name_leaves_what_was_there_and_no_lease(
    side: Side, world: World, source: Location, goal: Location, status: tuple[int, str]
) -> None:
    blob, old = await _made(side, source.below("a")), await _made(side, goal.below("a"), b"old")
    host = rf"^{goal.account}\.file\."
    denied = fault("PUT", host=host, query="comp=rename", times=0, status=status[0], code=status[1])
    with world.faults(denied), pytest.raises(ServiceError) as refused:
        await side.shares.copy_from(side.shares, source.below("a"), blob, goal.below("a"), replaces=old.etag)
    assert (refused.value.status, refused.value.code) == status
    assert await side.shares.read(goal.below("a"), 100, old.etag) == b"old"
    await _client(side, goal.below("a")).upload_range(b"O", 0, 1)


@pytest.mark.parametrize("query", ["comp=rename", "comp=range", "comp=lease"])
@pytest.mark.parametrize(
    "trouble",
    [
        {"drop": "before"},
        {"drop": "after"},
        {"status": 503, "code": "ServerBusy"},
        {"status": 429, "code": "TooMany"},
    ],
    ids=str,
)
async def test_whatever_call_is_lost_the_copy_is_whole_and_known(
    side: Side, world: World, source: Location, goal: Location, query: str, trouble: dict[str, Any]
) -> None:
    blob, old = await _made(side, source.below("a")), await _made(side, goal.below("a"), b"old")
    with world.faults(fault("PUT", host=rf"^{goal.account}\.file\.", query=query, nth=1, **trouble)):
        etag = await side.shares.copy_from(
            side.shares, source.below("a"), blob, goal.below("a"), replaces=old.etag
        )
    assert await side.shares.read(goal.below("a"), len(DATA), etag) == DATA
    with world.faults(fault("PUT", host=rf"^{goal.account}\.file\.", query=query, nth=1, **trouble)):
        fresh = await side.shares.copy_from(side.shares, source.below("a"), blob, goal.below("b"))
    assert await side.shares.read(goal.below("b"), len(DATA), fresh) == DATA


async def test_a_copy_that_is_to_stop_leaves_nothing(side: Side, source: Location, goal: Location) -> None:
    blob = await _made(side, source.below("a"))
    with pytest.raises(InterruptedRunError):
        await side.shares.copy_from(side.shares, source.below("a"), blob, goal.below("a"), stopping=lambda: True)
    assert await side.shares.head(goal.below("a")) is None
    assert [path for path in await _whole(side.shares, goal) if path.startswith(FOLDER)]
    await side.shares.tidy(goal)
    assert await _whole(side.shares, goal) == []


@pytest.mark.parametrize("length", [len(DATA), 0])
async def test_what_one_step_tidies_is_nothing_that_another_is_making(
    side: Side, source: Location, goal: Location, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    blob = await _made(side, source.below("a"), DATA[:length])
    closed = filecopies.FileCopies._closed

    async def meanwhile(self: Any, *rest: Any) -> None:
        # Another step of the same share has ended: account and share are the same, the prefix is not.
        await side.shares.tidy(goal.at("elsewhere"))
        await closed(self, *rest)

    monkeypatch.setattr(filecopies.FileCopies, "_closed", meanwhile)
    etag = await side.shares.copy_from(side.shares, source.at(blob.path), blob, goal.at(blob.path))
    assert await side.shares.read(goal.at(blob.path), len(DATA), etag) == DATA[:length]
    await side.shares.tidy(goal)
    assert await _whole(side.shares, goal) == [goal.path, blob.path], "in the end nothing is left"


async def test_a_directory_takes_the_place_of_the_tools_own_file_alone(
    side: Side, source: Location, goal: Location
) -> None:
    place, shares = goal.below("was"), side.shares
    ours, folder = await _made(side, place), Blob(f"{goal.path}/was", 0, FOLDER_ETAG, kind=FOLDER_KIND, tags=None)
    for replaces, code in (('"0x1"', "ConditionNotMet"), (None, "ResourceTypeMismatch")):
        with pytest.raises(ServiceError) as refused:
            await shares.copy_from(shares, source.below("was"), folder, place, replaces=replaces)
        assert refused.value.code == code and await _listed(shares, place) == ours
    below = await _made(side, source.below("is/a"))
    with pytest.raises(ServiceError) as refused:
        await shares.copy_from(shares, source.at(below.path), below, place.below("a"))
    assert (refused.value.status, refused.value.code) == (409, "ResourceTypeMismatch"), (
        "one file's, not the step's"
    )
    await shares.copy_from(shares, source.below("was"), folder, place, replaces=ours.etag)
    assert await _listed(shares, place) == folder


async def test_what_somebody_keeps_in_the_tools_folder_is_theirs(side: Side, source: Location) -> None:
    root = source.at("")
    theirs = await _made(side, source.at(f"{FOLDER}/notes/a.txt"))
    cut_off = source.at(f"{FOLDER}/{'0' * 40}")
    await _client(side, cut_off).upload_file(DATA)
    for _ in range(2):
        listed = [one.path for one in (await side.shares.listing(root))[0] if one.path.startswith(FOLDER)]
        assert listed == [f"{FOLDER}/notes", theirs.path]
        await side.shares.tidy(root)
    assert await side.shares.head(cut_off) is None
    await side.shares.delete(source.at(theirs.path), theirs.etag)
    notes = side.shares._files.directory(root, f"{FOLDER}/notes")
    await notes.delete_directory()
    await side.shares.tidy(root)


async def test_one_that_is_kept_all_the_same_has_its_headers(side: Side, world: World, source: Location) -> None:
    place, settings = source.below("kept"), ContentSettings(content_type="text/x", content_language="de")
    await _made(side, place, content_settings=settings)
    await _client(side, place).set_http_headers(settings, file_attributes="ReadOnly")
    ours = await _listed(side.shares, place)
    before = await side.shares.head(place)
    refused = fault("DELETE", host=rf"^{source.account}\.file\.", times=0, status=409, code="SharingViolation")
    first = fault("DELETE", host=rf"^{source.account}\.file\.", nth=1, status=409, code="ReadOnlyAttribute")
    with world.faults(first, refused), pytest.raises(ServiceError, match="SharingViolation"):
        await side.shares.delete(place, ours.etag)
    after = await side.shares.head(place)
    assert before and after and after.headers == before.headers and len(after.headers) == 2


@pytest.mark.parametrize("name", [*ODD, "a/b c", "~x+y&z=1"])
async def test_a_file_has_the_address_that_its_client_gives_it(side: Side, source: Location, name: str) -> None:
    place = source.below(name)
    assert side.shares.url(place) == _client(side, place).url
    assert side.shares.url(place.at("")) == side.shares._files.share(place).url


async def test_who_has_files_open_is_asked_once_for_many(
    side: Side, world: World, source: Location, goal: Location
) -> None:
    blobs = [await _made(side, source.below(str(number)), b"x") for number in range(12)]
    since = world.now()
    await asyncio.gather(
        *(side.shares.copy_from(side.shares, source.at(one.path), one, goal.at(one.path)) for one in blobs)
    )
    asked = [row["path"] for row in world.log(since) if "comp=listhandles" in row.get("query", "")]
    assert set(asked) == {f"/{SHARE}"} and len(asked) < len(blobs)


async def test_a_directory_gets_what_the_other_has_of_its_own(
    side: Side, source: Location, goal: Location
) -> None:
    for place in (source, goal):
        await side.shares._files.make_folders(place.below("is/a"))
    old = side.shares._files.directory(source, source.below("is").path)
    await old.set_directory_metadata({"owner": "ada"})
    await old.set_http_headers(
        file_attributes="Hidden", file_creation_time=OLD, file_last_write_time=SHOWN["file_last_write_time"]
    )
    await side.shares.dress(side.shares, source.below("is"), goal.below("is"))
    shown = [await side.shares._files.folder(place.below("is")) for place in (source, goal)]
    assert shown[0] == shown[1] and shown[0]
    assert shown[0].metadata == {"x-ms-meta-owner": "ada"} and OLD in shown[0].properties.values()
    for gone in (source.below("gone"), source.below("gone/deeper")):
        await side.shares.dress(side.shares, gone, goal.below("is"))
        await side.shares.dress(side.shares, source.below("is"), goal.at(gone.path))
    assert await side.shares._files.folder(goal.below("is")) == shown[0]


async def test_a_read_only_copy_is_deleted_where_it_is_the_tools_own_version(side: Side, source: Location) -> None:
    place = source.below("kept")
    ours = await _made(side, place, file_attributes="ReadOnly")
    with pytest.raises(ServiceError, match="ConditionNotMet"):
        await side.shares.delete(place, '"0x1"')
    assert await _listed(side.shares, place) == ours, "of another version nothing is changed either"
    await side.shares.delete(place, ours.etag)
    assert await side.shares.head(place) is None
