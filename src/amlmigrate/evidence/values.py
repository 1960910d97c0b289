"""Values of `core` as reports have them: each is read into the type that it has everywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from amlmigrate.core.authorship import By
from amlmigrate.core.claim import Claim
from amlmigrate.core.finding import SEVERITIES, Finding
from amlmigrate.core.freeze_record import Assignment, FreezeState
from amlmigrate.core.identity import Identity
from amlmigrate.core.rights import KEPT

_TEXT, _TEXT_OR_NULL = {"type": "string"}, {"type": ["string", "null"]}


def _object(members: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": sorted(members),
        "properties": dict(members),
        **more,
    }


def _checked(shape: Mapping[str, Any], read: Callable[[dict[str, Any]], Any]) -> PlainValidator:
    """Reads an object with just these members, of just these types; what else is wrong with it `read` says."""

    def of(found: Any) -> Any:
        if not isinstance(found, dict) or found.keys() != shape.keys():
            raise ValueError("it has other members")
        for name, schema in shape.items():
            if not isinstance(found[name], _types(schema)) or found[name] not in schema.get("enum", [found[name]]):
                raise ValueError(f"{name} is none")
        try:
            return read(found)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"it cannot be read ({type(error).__name__})") from None

    return PlainValidator(of)


def _types(schema: Mapping[str, Any]) -> tuple[type, ...]:
    known = {"string": str, "object": dict, "boolean": bool, "null": type(None)}
    told = schema.get("type", "string")
    return tuple(known[one] for one in ([told] if isinstance(told, str) else told))


_FINDING = {
    "severity": {"enum": list(SEVERITIES)},
    "address": {"type": "string", "description": "`ITEM!code`: by which it is told, waived and reopened."},
    "code": _TEXT,
    "summary": _TEXT,
    "remedy": _TEXT,
}
Found = Annotated[
    Finding,
    _checked(_FINDING, Finding.of_dict),
    PlainSerializer(Finding.as_dict),
    WithJsonSchema(_object(_FINDING)),
]

_CLAIM = {
    "name": _TEXT,
    "holds": {"type": ["boolean", "null"], "description": "null: what would tell could not be read."},
    "severity": {"enum": ["error", "warning", "information"]},
    "address": _TEXT,
    "summary": _TEXT,
    "remedy": _TEXT,
    "evidence": {"type": "object", "description": "What Azure reports, in its own form."},
    "key": {**_TEXT_OR_NULL, "description": "The identifier of the key that Azure reports."},
    "read_at": _TEXT,
    "shown": {"type": ["string", "null"], "enum": ["reported", "computed", None]},
}


def _claim(found: dict[str, Any]) -> Claim:
    return Claim(**{name: value for name, value in found.items() if name != "shown"})


Claimed = Annotated[
    Claim, _checked(_CLAIM, _claim), PlainSerializer(Claim.as_dict), WithJsonSchema(_object(_CLAIM))
]

_IDENTITY = dict.fromkeys(("object_id", "name", "app_id", "tenant_id"), _TEXT)
_BY = {
    "user": _TEXT,
    "identity": {
        **_object(_IDENTITY),
        "type": ["object", "null"],
        "description": "Who signed in, by the claims of the token; null where nobody did, or it names nobody.",
    },
    "host": _TEXT,
    "version": {"type": "string", "description": "Of the tool."},
    "options": {"type": "object", "description": "Those of the command, with the values that counted."},
}


def _by(found: dict[str, Any]) -> By:
    identity = found["identity"]
    if identity is not None and (
        identity.keys() != _IDENTITY.keys() or not all(isinstance(one, str) for one in identity.values())
    ):
        raise ValueError("identity is none")
    known = Identity(**identity) if identity else None
    return By(found["user"], found["host"], found["version"], known, found["options"])


Signed = Annotated[By, _checked(_BY, _by), PlainSerializer(By.as_dict), WithJsonSchema(_object(_BY))]

_NAMED: dict[str, Any] = {
    **_BY,
    "identity": {
        **_object(_IDENTITY | {"object_id": {"type": "string", "minLength": 1}}),
        "description": "Who signed in, by the claims of the token.",
    },
}


def _named(found: dict[str, Any]) -> By:
    if not found["identity"].get("object_id"):
        raise ValueError("identity is nobody")
    return _by(found)


# Of what nobody does without an identity.
SignedIn = Annotated[By, _checked(_NAMED, _named), PlainSerializer(By.as_dict), WithJsonSchema(_object(_NAMED))]

_ASSIGNMENT = {
    "id": {
        "type": "string",
        "pattern": "^/subscriptions/.+/providers/[Mm]icrosoft\\.[Aa]uthorization"
        "/role[Aa]ssignments/[0-9a-fA-F-]{36}$",
        "description": "The ARM id of the role assignment.",
    },
    "scope": {
        "type": "string",
        "description": "Where it applies: the source workspace or its storage account, or below.",
    },
    "role": {"type": "string", "description": "The name of its role."},
    "properties": {
        "type": "object",
        "additionalProperties": False,
        "required": ["roleDefinitionId", "principalId"],
        "properties": {
            **dict.fromkeys(KEPT, _TEXT),
            "principalId": {"type": "string", "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"},
        },
    },
    "state": {
        "enum": [one.value for one in FreezeState],
        "description": "How it stands: `taking` and `giving back` are written before the call.",
    },
    "end": {
        "type": "string",
        "description": "When it ends by itself, as Azure writes it; empty where it does not.",
    },
    "since": {"type": "string", "description": "When taking it away began."},
    "note": {"type": "string", "description": "What is to be known of the last deed."},
    "created": {
        "type": "string",
        "description": "When Azure says that it was made; empty where it does not say.",
    },
}
Assigned = Annotated[
    Assignment,
    _checked(_ASSIGNMENT, Assignment.of_dict),
    PlainSerializer(Assignment.as_dict),
    WithJsonSchema(_object(_ASSIGNMENT)),
]
