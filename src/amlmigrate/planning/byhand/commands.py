"""The commands that make an item anew, as a person types them in the plan's folder.

`az rest` takes a path below the cloud's own Azure Resource Manager, and `--body @-` from its input
(azure-cli-core's `_load_file`): values that are filled in pass through no file and no list of processes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from shlex import quote

from amlmigrate.core.armid import ArmId, name_of
from amlmigrate.core.documents import Document, properties_of

# What stands for the id of an identity that is not made yet.
NEW_ID = "NEW_OBJECT_ID"
# A name to be filled in, and what acts between double quotes (POSIX, 2.2.3).
_NAME = re.compile(r"(\$\{[A-Z][A-Z0-9_]*\})")
_ACTS = re.compile(r"[\"$`\\!]")


def put(path: str, body: str, names: Iterable[str], version: str) -> list[str]:
    """Makes an ARM resource of the body in a file; `names` are the values that have to be filled in."""
    url = f"{path}?api-version={version}"
    send = f"az rest --method put --url {_quoted(url)} --body"
    filled = sorted(set(names))
    if not filled:
        return [f"{send} @{quote(body)}"]
    listed = " ".join(f"${{{name}}}" for name in filled)
    return [
        *(f"read -rs {name} && export {name}" for name in filled),
        f"envsubst {quote(listed)} < {quote(body)} | {send} @-",
    ]


def _quoted(url: str) -> str:
    """In double quotes where a name is to be filled in, but for what a shell would act on there; else as it is."""
    if "${" not in url:
        return quote(url)
    if not _ACTS.search(_NAME.sub("", url)):
        return f'"{url}"'
    parts = _NAME.split(url)
    return "".join(f'"{part}"' if at % 2 else quote(part) for at, part in enumerate(parts) if part)


def get(path: str, version: str) -> str:
    """Shows an item as the source has it, with all its texts."""
    return f"az rest --method get --url {quote(f'{path}?api-version={version}')}"


def assign_roles(lines: Iterable[Document], old: str, new: str) -> list[str]:
    """Assigns each role at the target, or at what has the same path below it."""
    return [_role(line, old, new) for line in lines]


def _role(line: Document, old: str, new: str) -> str:
    scope = new + str(line.get("scope") or old)[len(old) :]
    parts = ["az role assignment create", f"--assignee-object-id {_quoted(str(line.get('principalId')))}"]
    if kind := line.get("principalType"):
        parts.append(f"--assignee-principal-type {_quoted(str(kind))}")
    parts += [f"--role {_quoted(str(line.get('roleDefinitionId')))}", f"--scope {_quoted(scope)}"]
    if line.get("condition"):
        parts.append(f"--condition {_quoted(str(line['condition']))}")
        parts.append(f"--condition-version {_quoted(str(line.get('conditionVersion') or '2.0'))}")
    return " ".join(parts)


def lock(name: str, document: Document, target: str) -> list[str]:
    """Puts a lock on the target, of which `--resource` takes the id (learn.microsoft.com/cli/azure/lock)."""
    level = str(properties_of(document).get("level") or "CanNotDelete")
    at = f"--resource {quote(target)}{_in(target)}"
    return [f"az lock create --name {quote(name)} --lock-type {quote(level)} {at}"]


def restore_in_vault(name: str, source: str, target: str) -> list[str]:
    """Takes a secret from one vault to another, all versions (learn.microsoft.com/cli/azure/keyvault/secret).

    Both have to be of one subscription and geography. The file is one that only vaults read.
    """
    file = f"{name}.backup"
    named = (f"--vault-name {quote(name_of(one))}{_in(one)}" for one in (source, target))
    of_source, of_target = named
    return [
        f"az keyvault secret backup {of_source} --name {quote(name)} --file {quote(file)}",
        f"az keyvault secret restore {of_target} --file {quote(file)}",
    ]


def _in(id_: str) -> str:
    """The subscription of an id: of one that it is given the CLI takes group and name, and asks its own default
    subscription (azure-cli 2.x, command_modules: storage/_validators.py, resource/_validators.py)."""
    return f" --subscription {quote(ArmId.of(id_).subscription)}"


# The paths of this workspace, where others' lie beside them. Without any a shell says so, and copies nothing.
PATHS = "PATHS"
_CHOSEN = f'--include-path "${{{PATHS}:?}}"'


def copy_share(source: str, target: str, account: str = "", share: str = "", *, chosen: bool = False) -> list[str]:
    """Copies a file share; both are URLs. With the id of an account it makes its share first.

    AzCopy 10.32 takes this line, signed in to both sides (learn.microsoft.com: azcopy copy), and asks for a target
    share that is there; every 10.x knows this spelling of the flag. By it files keep their attributes and times,
    and not their ACLs (AZ-FILE-1); no share was copied by it.
    """
    copied = _azcopy(source, target, "--preserve-smb-info=true", chosen=chosen)
    if not account:
        return copied
    made = f"az storage share-rm create --storage-account {quote(account)} --name {quote(share)}{_in(account)}"
    return [made, *copied]


def copy_container(source: str, target: str, *, to_folder: bool = False, chosen: bool = False) -> list[str]:
    """Copies the blobs of a container that are not in the target: of those that are, some were rewritten.

    AzCopy makes the target's container where it is not there, and `--overwrite=false` leaves each blob that is.
    From container to container it takes what lies in it; to a folder it would take the container too, but for the
    sign at the source's end (all seen with 10.32).
    """
    what = f"{source}/*" if to_folder else source
    return _azcopy(what, target, "--overwrite=false", chosen=chosen)


def _azcopy(source: str, target: str, option: str, *, chosen: bool) -> list[str]:
    """All that is there, or what is below chosen paths (learn.microsoft.com: azcopy copy, `--include-path`)."""
    line = f"azcopy copy {quote(source)} {quote(target)} --recursive {option}"
    return [f"read -r {PATHS}", f"{line} {_CHOSEN}"] if chosen else [line]


def keep_jobs(subscription: str, group: str, workspace: str) -> list[str]:
    """A job is never made anew: what it wrote is kept, each by its name (learn.microsoft.com/cli/azure/ml/job)."""
    at = (
        f"--subscription {quote(subscription)} --resource-group {quote(group)} --workspace-name {quote(workspace)}"
    )
    return [f'az ml job show --name "$JOB" {at}', f'az ml job download --name "$JOB" --all {at}']
