"""Makes the data of this package of Microsoft's own descriptions.

`python -m azsandbox.arm.bodies.gather SPECS`, where SPECS holds `bicep-types/` (Azure/bicep-types-az) and
`openapi/` (Azure/azure-rest-api-specs), both under the MIT licence. Of the types it keeps what a body may be; of
the older description the patterns of names, which the newer lacks, and the formats of strings and numbers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azsandbox.arm.bodies.descriptions import FOLDER, OF_MONITOR, VERSIONS

NAMESPACE = "Microsoft.MachineLearningServices/"
MONITOR = "Microsoft.Insights/"
OLDER = f"openapi/specification/machinelearningservices/resource-manager/{NAMESPACE}stable/2023-04-01"
_MARKS = {1: "required", 2: "read-only"}  # flags of a member
_OURS = ("id", "name", "type", "apiVersion", "systemData")
_FORMATS = ("duration", "date-time", "int32")
_RULES = ("pattern", "minLength", "maxLength", "minValue", "maxValue")
_PLAIN = {"StringType": "string", "BooleanType": "boolean", "IntegerType": "number", "AnyType": "any"}


class Gathering:
    """One file of types, of which only those are kept that a resource's body leads to."""

    def __init__(self, types: list[dict[str, Any]], formats: Mapping[tuple[str, str], str]) -> None:
        self._types, self._formats = types, formats
        self._numbers: dict[Any, int] = {}
        self.kept: list[dict[str, Any]] = []

    def number(self, reference: Mapping[str, str], format_: str = "") -> int:
        """The number under which a type is kept."""
        key = (int(reference["$ref"].rpartition("/")[2]), format_)
        if key not in self._numbers:
            self._numbers[key] = len(self.kept)
            self.kept.append({})
            self.kept[self._numbers[key]] = self._kept(self._types[key[0]]) | (
                {"format": format_} if format_ else {}
            )
        return self._numbers[key]

    def _kept(self, type_: Mapping[str, Any]) -> dict[str, Any]:
        kind = type_["$type"]
        if kind in _PLAIN:
            return {"is": _PLAIN[kind]} | {rule: type_[rule] for rule in _RULES if rule in type_}
        if kind == "StringLiteralType":
            return {"is": "one", "of": [type_["value"]]}
        if kind == "UnionType":
            return self._union(type_)
        if kind == "ArrayType":
            return {"is": "list", "of": self.number(type_["itemType"])}
        if kind == "DiscriminatedObjectType":
            return self._discriminated(type_)
        more = type_.get("additionalProperties")
        return {"is": "object", "members": self._members(type_["name"], type_["properties"])} | (
            {"others": self.number(more)} if more else {}
        )

    def _union(self, type_: Mapping[str, Any]) -> dict[str, Any]:
        elements = [self._types[int(each["$ref"].rpartition("/")[2])] for each in type_["elements"]]
        literals = [each["value"] for each in elements if each["$type"] == "StringLiteralType"]
        plain = [_PLAIN[each["$type"]] for each in elements if each["$type"] != "StringLiteralType"]
        if plain not in ([], ["string"]):
            return {"is": "any"}
        return {"is": "one", "of": literals} | ({"open": True} if plain else {})

    def _discriminated(self, type_: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "is": "one of",
            "by": type_["discriminator"],
            "members": self._members(type_["name"], type_["baseProperties"]),
            "forms": {name: self.number(each) for name, each in type_["elements"].items()},
        }

    def _members(self, owner: str, members: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self._member(owner, name, member) for name, member in members.items()}

    def _member(self, owner: str, name: str, member: Mapping[str, Any]) -> list[Any]:
        marks = [word for flag, word in _MARKS.items() if member["flags"] & flag]
        format_ = self._formats.get((owner.removesuffix("Properties"), name), "")
        return [self.number(member["type"], format_), *marks]

    def body(self, resource: Mapping[str, Any]) -> int:
        """What a resource's PUT may send: its type without what the path says."""
        number = self.number(resource["body"])
        members = self.kept[number]["members"]
        self.kept[number]["members"] = {name: each for name, each in members.items() if name not in _OURS}
        return number

    def pattern(self, resource: Mapping[str, Any]) -> str:
        """Of the last name of its path; an empty string where the description has none."""
        body = self._types[int(resource["body"]["$ref"].rpartition("/")[2])]
        name = self._types[int(body["properties"]["name"]["type"]["$ref"].rpartition("/")[2])]
        return str(name.get("pattern", ""))


def gathered(types: list[dict[str, Any]], older: list[dict[str, Any]], version: str) -> dict[str, Any]:
    """The data of one version."""
    gathering = Gathering(types, _formats(older))
    resources = {
        each["name"].removeprefix(NAMESPACE).partition("@")[0]: each
        for each in types
        if each["$type"] == "ResourceType" and "/versions/features@" not in each["name"]  # read-only
    }
    bodies = {name: gathering.body(each) for name, each in resources.items()}
    names = _patterns(older) | {
        name: found for name, each in resources.items() if (found := gathering.pattern(each))
    }
    return {
        "source": f"Azure/bicep-types-az 1f896de2 (MIT), ml {version}; "
        "Azure/azure-rest-api-specs of 2023-06 (MIT), ml 2023-04-01",
        "names": dict(sorted(names.items())),
        "bodies": bodies,
        "types": gathering.kept,
    }


def _formats(older: list[dict[str, Any]]) -> dict[tuple[str, str], str]:
    return {
        (owner.removesuffix("Properties"), name): member["format"]
        for document in older
        for owner, definition in document["definitions"].items()
        for name, member in definition.get("properties", {}).items()
        if member.get("format") in _FORMATS
    }


def _patterns(older: list[dict[str, Any]]) -> dict[str, str]:
    found = {}
    for document in older:
        for path, calls in document["paths"].items():
            words = path.partition(f"/providers/{NAMESPACE}")[2].split("/")
            named = {each.get("name"): each.get("pattern") for each in calls.get("put", {}).get("parameters", ())}
            if pattern := named.get(words[-1].strip("{}")):
                found["/".join(words[::2])] = pattern
    return found


def read(specs: Path, version: str) -> dict[str, Any]:
    """The data of a version, from the folder of descriptions."""
    types = json.loads((specs / "bicep-types" / f"ml-{version}.types.json").read_text())
    files = ("mfe", "machineLearningServices", "workspaceFeatures")
    return gathered(types, [json.loads((specs / OLDER / f"{name}.json").read_text()) for name in files], version)


def written(data: Mapping[str, Any]) -> str:
    """The data as its file has it: a line for each type."""
    types = ",\n".join(json.dumps(each) for each in data["types"])
    head = "".join(f'"{name}": {json.dumps(data[name])},\n' for name in ("source", "names", "bodies"))
    return f'{{{head}"types": [\n{types}\n]}}\n'


def of_monitor(specs: Path, version: str) -> dict[str, Any]:
    """The data of one version of Monitor: of the types that are described by it here, and their actions."""
    types = json.loads((specs / "bicep-types" / f"microsoft.insights-{version}.types.json").read_text())
    gathering = Gathering(types, {})
    names: dict[str, str] = {}
    bodies: dict[str, int] = {}
    wanted = [type_ for type_, known in OF_MONITOR.items() if known == version]
    for each in types:
        name = str(each.get("name", "")).partition("@")[0]
        if each["$type"] == "ResourceType" and name.lower() in wanted and name.startswith(MONITOR):
            bodies[name] = gathering.body(each)
            names |= {name: found} if (found := gathering.pattern(each)) else {}
        elif each["$type"] == "ResourceFunctionType":
            bodies[f"{each['resourceType']}/{name}"] = gathering.number(each["input"])
    source = f"Azure/bicep-types-az 1f896de2 (MIT), insights {version}"
    return {"source": source, "names": names, "bodies": bodies, "types": gathering.kept}


if __name__ == "__main__":
    for each in VERSIONS:
        (FOLDER / f"ml-{each}.json").write_text(written(read(Path(sys.argv[1]), each)))
    for each in sorted(set(OF_MONITOR.values())):
        (FOLDER / f"insights-{each}.json").write_text(written(of_monitor(Path(sys.argv[1]), each)))
