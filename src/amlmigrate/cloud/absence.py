"""What counts as absent: a table, by front end, of what each says of a thing that is not there. A status is none.

A 404 may come from a gateway whose region has not replicated, from a proxy, or be about something else. Whatever
is not in this table is no knowledge: it is raised as the error that it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from amlmigrate.cloud import declared
from amlmigrate.cloud.declared import Absent
from amlmigrate.cloud.errors import ServiceError
from amlmigrate.core.armid import ArmId

_ML = declared.ML
_GATEWAY = re.compile(r"The Resource '([^']+)' under resource group '([^']*)' was not found", re.IGNORECASE)
_GROUP = re.compile(r"Resource group '([^']+)' could not be found", re.IGNORECASE)


class AbsenceVerdict(StrEnum):
    """What a 404 says of the resource that was asked. All but the first and the last need a second call."""

    ABSENT = "it is not there"
    # It names the item in a form that nobody has recorded: absent if its parent's list lacks it.
    BY_LIST = "its parent's list decides"
    BY_GROUP = "the subscription's list of resource groups decides"
    BY_PARENT = "whether its parent is there decides"
    UNKNOWN = "nothing"


def _form(type_: str, code: str, text: str, source: str) -> tuple[str, Absent]:
    return type_, Absent.of(code, text, source)


# The name is that of the item of this type, whether that was asked or what lies in it. Of what lies in a workspace
# the kinds say it.
FORMS: tuple[tuple[str, Absent], ...] = (
    _form(
        "microsoft.authorization/roleAssignments",
        "RoleAssignmentNotFound",
        r"The role assignment '([^']+)' (?:is|was) not found",
        "AZ-ABSENT-10",
    ),
    _form(
        "microsoft.authorization/roleDefinitions",
        "RoleDefinitionDoesNotExist",
        r"role definition with ID '([^']+)' does not exist",
        "AZ-ABSENT-10",
    ),
    *(
        _form(
            f"microsoft.authorization/policy{what}s",
            f"Policy{what}NotFound",
            r"The policy [\w ]+ '([^']+)' (?:is|was|could) not (?:be )?found",
            "Inferred (AZ-ABSENT-8): its words",
        )
        for what in ("Assignment", "Definition", "SetDefinition", "Exemption")
    ),
    _form(
        "microsoft.keyvault/locations/deletedVaults",
        "DeletedVaultNotFound",
        r"The specified deleted vault '([^']+)' does not exist",
        "Inferred (AZ-ABSENT-9): the quotes around the name",
    ),
)

# How ARM says that a resource has no such collection at all, by type; `text` in the answer (AZ-ABSENT-13).
NO_COLLECTION: Mapping[tuple[int, str], str] = {
    (
        400,
        "ResourceTypeNotSupported",
    ): "Azure Monitor, for a type that has no diagnostic settings; clients test it",
    (409, "MissingSubscriptionRegistration"): "Microsoft Learn, Resolve errors for resource provider registration",
}


def judged(error: ServiceError, path: str) -> AbsenceVerdict:
    """What an answer of ARM says of the resource of that path."""
    if error.status != 404:
        return AbsenceVerdict.UNKNOWN
    asked = ArmId.at(path)
    if error.code == "ResourceGroupNotFound":
        return _of_group(error, asked)
    if error.code == "ParentResourceNotFound":  # AZ-ABSENT-14
        return AbsenceVerdict.BY_PARENT if asked.parent else AbsenceVerdict.UNKNOWN
    if _by_gateway(error, asked) or _by_id(error, asked) or _says_so(error, asked):
        return AbsenceVerdict.ABSENT
    return AbsenceVerdict.BY_LIST if _names_it(error, asked) else AbsenceVerdict.UNKNOWN


def whole(collection: str) -> Mapping[str, str]:
    """What the list of that path has to be asked for so that it shows everything."""
    asked = ArmId.at(collection)
    return declared.of(f"{_ML}/{asked.types[1]}").query if asked.type.startswith(f"{_ML}/") else {}


def no_collection(error: ServiceError) -> bool:
    """Whether a list was refused since what it is of has no such collection: it is known to be empty."""
    return (error.status, error.code) in NO_COLLECTION


def of_key(error: ServiceError, name: str) -> bool:
    """Whether a vault says that it has no such key, version or deleted key (AZ-KEY-6)."""
    return error.status == 404 and error.code == "KeyNotFound" and _named(name, error.message)


def of_secret(error: ServiceError, name: str) -> bool:
    """Whether a vault says that it has no such secret (AZ-SECRET-4)."""
    return error.status == 404 and error.code == "SecretNotFound" and _named(name, error.message)


def of_blob(error: ServiceError) -> bool:
    """Whether the blob service says that there is no such blob, or no container for it (Learn, Blob error codes).

    The service is strongly consistent, and a request names one blob: its code needs no name beside it
    (AZ-BLOB-13).
    """
    return error.status == 404 and error.code in ("BlobNotFound", "ContainerNotFound")


def of_container(error: ServiceError) -> bool:
    """Whether the blob service says that there is no such container (Learn, Blob error codes)."""
    return error.status == 404 and error.code == "ContainerNotFound"


def of_share(error: ServiceError) -> bool:
    """Whether the file service says that there is no such share (Learn, Azure Files error codes)."""
    return error.status == 404 and error.code == "ShareNotFound"


def of_file(error: ServiceError) -> bool:
    """Whether it says that there is no such file or directory, or nothing that it could lie in (the same)."""
    return error.status == 404 and error.code in ("ShareNotFound", "ResourceNotFound", "ParentNotFound")


def _of_group(error: ServiceError, asked: ArmId) -> AbsenceVerdict:
    found = _GROUP.search(error.message)
    if not found or not asked.group or found[1].lower() != asked.group.lower():
        return AbsenceVerdict.UNKNOWN
    return AbsenceVerdict.ABSENT if asked == asked.group_id else AbsenceVerdict.BY_GROUP


def _by_gateway(error: ServiceError, asked: ArmId) -> bool:
    """ARM's own words (AZ-ABSENT-1) name type, name and group; of workspaces the header is recorded too."""
    found = _GATEWAY.search(error.message)
    if error.code != "ResourceNotFound" or not found or len(asked.types) != len(asked.names):
        return False
    cause = error.cause.lower()
    trusted = cause == "gateway" or (not cause and asked.type != _ML)
    return trusted and (found[1].lower(), found[2].lower()) == (asked.spelled.lower(), asked.group.lower())


def _by_id(error: ServiceError, asked: ArmId) -> bool:
    """`Resource ID not found.`, as Microsoft.Network writes it. Inferred (AZ-ABSENT-11): others that do so."""
    if error.code not in ("NotFound", "ResourceNotFound") or not asked.names or asked.type.startswith(_ML):
        return False
    words = rf"Resource '?{re.escape(asked.text)}'? (?:was |is )?not found"
    return bool(re.search(words, error.message, re.IGNORECASE))


def _says_so(error: ServiceError, asked: ArmId) -> bool:
    return any(_says(type_, form, error, asked) for type_, form in (*FORMS, *declared.forms()))


def _says(type_: str, form: Absent, error: ServiceError, asked: ArmId) -> bool:
    depth, found = type_.count("/") - 1, form.text.search(error.message)
    if found is None or not f"{asked.type}/".startswith(f"{type_.lower()}/"):
        return False
    names = [name.lower() for name in asked.names[depth : depth + len(found.groups())]]
    return form.code in error.codes and names == [name.lower() for name in found.groups()]


def _names_it(error: ServiceError, asked: ArmId) -> bool:
    """Whether Azure ML's front ends name the item itself, in words that nobody has recorded.

    Inferred (AZ-ABSENT-12): an item's missing version may be told by the name of its container alone; the list
    decides anyway.
    """
    below = asked.type.startswith(f"{_ML}/") and len(asked.types) == len(asked.names)
    return below and error.code in ("UserError", "NotFound") and _named(asked.names[1], error.message)


def _named(name: str, text: str) -> bool:
    """Whether a text has a name as a word of its own."""
    return bool(re.search(rf"(?<![\w-])(?<!\w\.){re.escape(name)}(?![\w-])(?!\.\w)", text, re.IGNORECASE))
