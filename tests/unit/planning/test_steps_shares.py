"""A share of the workspace moves whole; what may be another's, or cannot be listed, is an item that says so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.builders.world import SOURCE, TARGET, blob, containers, inventory

from amlmigrate.bytes.listings import Listing, ListingDigest
from amlmigrate.bytes.storage_containers import Containers
from amlmigrate.core.asset import FOLDER_ETAG, FOLDER_KIND, Blob
from amlmigrate.core.ownership_record import Copied, OwnershipRecord
from amlmigrate.core.plan import Action, Step
from amlmigrate.core.select import Selection
from amlmigrate.core.state import UNSELECTED_REASON
from amlmigrate.core.workspace import WORKING_SHARE, Datastore, Location, Service, SurveyedWorkspace
from amlmigrate.planning.planner import NOBODY, Planner
from amlmigrate.planning.unmoved_blobs import OtherUsers

THEIRS = OtherUsers("/subscriptions/s/workspaces/other")
CODE = Location("acct", WORKING_SHARE, service=Service.FILE)
GOAL = replace(CODE, account="cmkacct")
OWN = replace(CODE, container=f"azureml-filestore-{SOURCE.workspace_id}")
ADDRESS = f"shares/{WORKING_SHARE}"
WRITTEN = (("written", "2026-01-01T00:00:00.0000000Z"),)


def _of(workspace: SurveyedWorkspace) -> SurveyedWorkspace:
    """With the datastores over its shares."""
    account, number = workspace.storage_account, workspace.workspace_id
    shares = {"workspaceworkingdirectory": WORKING_SHARE, "workspacefilestore": f"azureml-filestore-{number}"}
    stores = [one for one in workspace.datastores if one.name not in shares]
    made = [
        Datastore(name, True, Location(account, share, service=Service.FILE)) for name, share in shares.items()
    ]
    return replace(workspace, datastores=(*stores, *made))


def _file(
    path: str, length: int = 3, etag: str = '"1"', attributes: tuple[tuple[str, str], ...] = WRITTEN
) -> Blob:
    return blob(path, length, etag, kind="File", tags=None, attributes=attributes)


def _folder(path: str) -> Blob:
    return blob(path, 0, FOLDER_ETAG, kind=FOLDER_KIND, tags=None)


FILES = (_folder("Users"), _folder("Users/none"), _file("Users/a.ipynb"), _file("b", 0))


def _listed(*listings: Listing, target: tuple[Blob, ...] = ()) -> Containers:
    found = containers()
    there = Listing(GOAL, {one.path: one for one in target})
    return Containers(found.source | {one.place.key: one for one in listings}, found.target | {GOAL.key: there})


def _shares(
    listed: Containers,
    *,
    others: OtherUsers = NOBODY,
    select: tuple[str, ...] = (),
    prior: OwnershipRecord | None = None,
    unreferenced: bool = False,
) -> dict[str, Step]:
    planner = Planner(
        inventory(of=_of(SOURCE)),
        inventory(of=_of(TARGET)),
        selection=Selection(select, ()),
        prior=prior or OwnershipRecord(),
        copy_unreferenced=unreferenced,
        others=others,
    )
    steps, _ = planner.steps(listed)
    return {str(one.address): one for one in steps if str(one.address).startswith("shares")}


def _listing(place: Location, *files: Blob) -> Listing:
    return Listing(place, {one.path: one for one in files})


def test_a_share_is_copied_whole_its_empty_directories_too() -> None:
    [(address, step)] = _shares(_listed(_listing(CODE, *FILES))).items()
    assert (address, step.action) == (ADDRESS, Action.COPY) and step.is_bytes
    assert step.bytes and (step.bytes.source, step.bytes.target) == (CODE, GOAL)
    assert (step.bytes.blobs, step.bytes.bytes) == (4, 3)
    assert step.source_sha256 == ListingDigest.of(sorted(FILES, key=lambda one: one.path)).hexdigest()
    assert Step.of_dict(step.as_dict()) == step


def test_what_the_target_has_is_never_overwritten_and_a_directory_is_no_conflict() -> None:
    # In a container the folder `migrated-code` is for code uploads: in a share it is a folder like any other.
    code = _file("migrated-code/x", 1)
    theirs = (_folder("Users"), _folder("Theirs"), _file("Users/a.ipynb", 9, '"t"'), _file("Theirs/x", 1), code)
    found = _shares(_listed(_listing(CODE, *FILES), target=theirs))
    apart = {address for address, step in found.items() if step.action is Action.CONFLICT}
    assert apart == {f"{ADDRESS}/Users/a.ipynb", f"{ADDRESS}/Theirs/x", f"{ADDRESS}/{code.path}"}
    step = found[ADDRESS]
    assert step.action is Action.COPY and step.bytes and step.bytes.blobs == 3
    # A file where the source has a directory.
    [other] = [
        one for one in _shares(_listed(_listing(CODE, *FILES), target=(_file("Users", 0),))).values() if one.blob
    ]
    assert other.action is Action.CONFLICT and str(other.address) == f"{ADDRESS}/Users"


@pytest.mark.parametrize(
    ("twin", "action"),
    [
        (_file("b", 3, '"t"'), Action.ADOPT),
        (_file("b", 3, '"t"', (("written", "2026-02-02T00:00:00.0000000Z"),)), Action.CONFLICT),
    ],
    ids=["of the same times", "of another time"],
)
def test_a_file_that_looks_the_same_is_read_and_one_of_other_times_is_another(twin: Blob, action: Action) -> None:
    found = _shares(_listed(_listing(CODE, _file("b")), target=(twin,)))
    assert found[ADDRESS if action is Action.ADOPT else f"{ADDRESS}/b"].action is action


def test_the_tools_own_copy_is_copied_again_once_its_source_has_changed() -> None:
    own = OwnershipRecord(blobs={(*GOAL.key, "b"): Copied('"1"', '"t"')})
    assert GOAL.key == ("cmkacct.file", WORKING_SHARE) and Location.of_key(*GOAL.key) == GOAL
    twin = _file("b", 3, '"t"')
    assert _shares(_listed(_listing(CODE, _file("b")), target=(twin,)), prior=own)[ADDRESS].action is Action.ADOPT
    newer = _listed(_listing(CODE, _file("b", 3, '"2"')), target=(twin,))
    assert _shares(newer, prior=own)[ADDRESS].action is Action.COPY
    # Of an empty one it may be the metadata, which no list shows.
    empty = _listed(_listing(CODE, _file("b", 0, '"2"')), target=(_file("b", 0, '"t"'),))
    assert _shares(empty, prior=own)[ADDRESS].action is Action.COPY


@pytest.mark.parametrize("unreferenced", [False, True])
def test_in_an_account_of_several_only_the_share_with_the_number_moves(unreferenced: bool) -> None:
    listed = _listed(_listing(CODE, *FILES), _listing(OWN, _file("log")))
    found = _shares(listed, others=THEIRS, unreferenced=unreferenced)
    assert found[f"shares/{OWN.container}"].action is Action.COPY
    left = found[ADDRESS]
    assert left.action is Action.MANUAL and "workspaces/other" in left.reason and left.bytes is None


def test_what_is_not_selected_is_left_by_selection_and_what_is_nowhere_in_the_target_by_hand() -> None:
    reports = replace(CODE, container="reports")
    found = _shares(_listed(_listing(CODE, *FILES), _listing(reports, _file("r"))), select=("models/*",))
    assert (found[ADDRESS].action, found[ADDRESS].reason) == (Action.SKIP, UNSELECTED_REASON)
    assert found["shares/reports"].action is Action.MANUAL and "no datastore" in found["shares/reports"].reason
    assert _shares(_listed(_listing(reports)))["shares/reports"].action is Action.SKIP


def test_one_that_may_not_be_listed_says_so_and_has_no_digest() -> None:
    shut = replace(_listing(CODE), refused="a role is missing (AuthorizationPermissionMismatch)")
    [step] = _shares(_listed(shut)).values()
    assert step.action is Action.MANUAL and "AuthorizationPermissionMismatch" in step.reason
    assert step.source_sha256 == ""
