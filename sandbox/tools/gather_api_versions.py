"""Gathers which api-versions ARM has for which type, for the local Azure: a version with where it was found.

    python sandbox/tools/gather_api_versions.py SPECS CLIENTS...

SPECS is a folder with `bicep-types/` (Azure/bicep-types-az, `generated`) and `openapi/specification/`
(Azure/azure-rest-api-specs). CLIENTS are folders that hold Python packages of Azure: the environment's own
`site-packages`, and one for each package that `pip install --no-deps --target FOLDER PACKAGE==VERSION` fetches;
the packages that were read are named in the file. What Azure itself said that it supports stands below.

Writes `src/azsandbox/arm/data/apiversions.json`: `sources`, names by a number, and `types`, where each type has
its versions with the numbers of their sources.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

_TARGET = Path(__file__).parents[1] / "src" / "azsandbox" / "arm" / "data" / "apiversions.json"
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(?:-[a-z]+)?")
_BICEP = re.compile(r"(microsoft\.[\w.]+/[\w/]+)@(\d{4}-\d{2}-\d{2}(?:-[a-z]+)?)", re.IGNORECASE)
_CALLS = {"get", "put", "patch", "delete", "head"}
_PACKAGES = re.compile(r"azure-(mgmt-.*|ai-ml)")
# Of these providers the local Azure has something, or its clients ask for it.
_PROVIDERS = (
    "microsoft.alertsmanagement",
    "microsoft.authorization",
    "microsoft.compute/virtualmachines",
    "microsoft.containerregistry",
    "microsoft.containerservice/managedclusters",
    "microsoft.costmanagement/query",
    "microsoft.eventgrid",
    "microsoft.insights",
    "microsoft.keyvault",
    "microsoft.machinelearningservices",
    "microsoft.managedidentity",
    "microsoft.management",
    "microsoft.network/privateendpoints",
    "microsoft.operationalinsights",
    "microsoft.policyinsights",
    "microsoft.storage",
)
# ARM's gateway has one list for all that is its own.
_GATEWAY = "microsoft.resources"
_OF_THE_GATEWAY = {f"{_GATEWAY}/{type_}" for type_ in ("deployments", "deployments/operations", "tags")}
# What Azure answered to a version that it does not know.
_SAID = (
    (
        _GATEWAY,
        "Azure/azure-cli#28038, Azure/bicep-types-az#2332: Azure's answer",
        "2024-08-01 2024-06-01-preview 2024-03-01 2023-07-01 2023-07-01-preview 2023-03-01-preview 2022-12-01"
        " 2022-11-01-preview 2022-09-01 2022-06-01 2022-05-01 2022-03-01-preview 2022-01-01 2021-04-01 2021-01-01"
        " 2020-10-01 2020-09-01 2020-08-01 2020-07-01 2020-06-01 2020-05-01 2020-01-01 2019-11-01 2019-10-01"
        " 2019-09-01 2019-08-01 2019-07-01 2019-06-01 2019-05-10 2019-05-01 2019-03-01 2018-11-01 2018-09-01"
        " 2018-08-01 2018-07-01 2018-06-01 2018-05-01 2018-02-01 2018-01-01 2017-12-01 2017-08-01 2017-06-01"
        " 2017-05-10 2017-05-01 2017-03-01 2016-09-01 2016-07-01 2016-06-01 2016-02-01 2015-11-01 2015-01-01"
        " 2014-04-01-preview 2014-04-01",
    ),
    (
        "microsoft.authorization/roleassignments",
        "Azure/azure-sdk-for-go#16699: Azure's answer",
        "2014-04-01-preview 2014-07-01-preview 2014-10-01-preview 2015-05-01-preview 2015-06-01 2015-07-01"
        " 2016-07-01 2017-05-01 2017-09-01 2017-10-01-preview 2018-01-01-preview 2018-07-01 2018-09-01-preview"
        " 2018-12-01-preview 2019-04-01-preview 2020-03-01-preview 2020-04-01-preview 2020-08-01-preview"
        " 2021-04-01-preview",
    ),
    (
        "microsoft.authorization/policyassignments",
        "Azure/bicep#17089: Azure's answer",
        "2015-10-01-preview 2016-04-01 2016-12-01 2017-06-01-preview 2018-03-01 2018-05-01 2019-01-01 2019-06-01"
        " 2019-09-01 2020-03-01 2020-08-01 2020-09-01 2021-06-01 2022-06-01 2023-04-01 2024-04-01 2024-05-01"
        " 2025-01-01",
    ),
    # Its calls are POST, which are not gathered above.
    ("microsoft.policyinsights/checkpolicyrestrictions", "Azure/azure-rest-api-specs", "2023-03-01 2024-10-01"),
    ("microsoft.policyinsights/policystates", "Azure/azure-rest-api-specs", "2019-10-01 2024-10-01"),
    ("microsoft.policyinsights/asyncoperationresults", "Azure/azure-rest-api-specs", "2019-10-01 2024-10-01"),
    ("microsoft.alertsmanagement/actionrules", "Azure/azure-rest-api-specs", "2021-08-08 2021-08-08-preview"),
    ("microsoft.alertsmanagement/alertssummary", "Azure/azure-rest-api-specs", "2019-03-01"),
    (
        "microsoft.costmanagement/query",
        "Azure/azure-rest-api-specs",
        "2019-11-01 2021-10-01 2022-10-01 2023-03-01 2023-11-01",
    ),
    # It is the level above the events.
    ("microsoft.insights/eventtypes", "Azure/azure-rest-api-specs", "2015-04-01"),
)
# What is documented, or used by templates that people have published, of a provider. Inferred
# (AZ-ARM-16): a type that sources have in a version before and in one after has these too.
_BETWEEN = (
    (
        "microsoft.machinelearningservices/workspaces",
        "learn.microsoft.com/azure/templates/microsoft.machinelearningservices/workspaces",
        "2018-03-01-preview 2018-11-19 2019-05-01 2019-06-01 2019-11-01 2020-01-01 2020-02-18-preview 2020-03-01"
        " 2020-04-01 2020-05-01-preview 2020-05-15-preview 2020-06-01 2020-08-01 2020-09-01-preview 2021-01-01"
        " 2021-03-01-preview 2021-04-01 2021-07-01 2022-01-01-preview 2022-02-01-preview 2022-05-01"
        " 2022-06-01-preview 2022-10-01 2022-10-01-preview 2022-12-01-preview 2023-02-01-preview 2023-04-01"
        " 2023-04-01-preview 2023-06-01-preview 2023-08-01-preview 2023-10-01 2024-01-01-preview 2024-04-01"
        " 2024-04-01-preview 2024-07-01-preview 2024-10-01 2024-10-01-preview",
    ),
    (
        "microsoft.machinelearningservices",
        "public Bicep templates",
        "2025-01-01-preview 2025-04-01 2025-06-01 2025-07-01-preview 2025-09-01",
    ),
    ("microsoft.storage", "public Bicep templates", "2025-01-01 2025-06-01"),
    ("microsoft.keyvault", "public Bicep templates", "2024-04-01-preview 2025-05-01"),
    ("microsoft.operationalinsights", "public Bicep templates", "2023-09-01"),
)
# What the Azure CLI sends, as `make conformance` sees; its own commands are no packages of Azure's management.
_SENT = (
    ("microsoft.storage/storageaccounts", "PyPI azure-cli 2.91.0", "2025-08-01"),
    ("microsoft.authorization/policyassignments", "PyPI azure-cli 2.91.0", "2025-11-01"),
    ("microsoft.authorization/policydefinitions", "PyPI azure-cli 2.91.0", "2025-11-01"),
    ("microsoft.authorization/policysetdefinitions", "PyPI azure-cli 2.91.0", "2025-11-01"),
    ("microsoft.managedidentity/userassignedidentities", "PyPI azure-cli 2.91.0", "2025-05-31-preview"),
    ("microsoft.insights/actiongroups", "PyPI azure-cli 2.91.0", "2024-10-01-preview"),
    ("microsoft.operationalinsights/workspaces", "PyPI azure-cli 2.91.0", "2025-02-01"),
)
Found = tuple[str, str, str]  # type, version, source


def type_of(path: str) -> str:
    """The type that a path is of, in lower case; empty where it names none or a variable one."""
    before, _, rest = path.lower().rpartition("/providers/")
    tokens = [token for token in rest.strip("/").split("/") if token]
    if not rest or tokens[0].startswith("{"):
        return _GATEWAY if before.startswith("/subscriptions") or path.startswith("/subscriptions") else ""
    kinds = tokens[1::2]
    return "" if not kinds or any(kind.startswith("{") for kind in kinds) else "/".join((tokens[0], *kinds))


def of_bicep(folder: Path) -> Iterator[Found]:
    """The resource types of Bicep's descriptions."""
    for file in sorted(folder.glob("*.types.json")):
        for type_, version in _BICEP.findall(file.read_text(encoding="utf-8")):
            yield type_.lower(), version, "Azure/bicep-types-az, generated"


def of_openapi(folder: Path) -> Iterator[Found]:
    """The paths of the descriptions, by the version that they are of."""
    for file in sorted(folder.glob("*/resource-manager/*/*/*/*.json")):
        for path, calls in json.loads(file.read_text(encoding="utf-8")).get("paths", {}).items():
            if _CALLS & set(calls):
                yield type_of(path), file.parent.name, "Azure/azure-rest-api-specs"


def of_client(folder: Path, source: str) -> Iterator[Found]:
    """The URLs of a client's operations, each with the version that it is sent with."""
    for file in sorted(folder.rglob("operations/*.py")):
        if "aio" in file.parts:
            continue
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            texts = {each.value for each in ast.walk(node) if isinstance(each, ast.Constant)}
            words = {text for text in texts if isinstance(text, str)}
            versions = {text for text in words if _VERSION.fullmatch(text)}
            # One request a function, or, in older clients, a class with all of them.
            if isinstance(node, ast.FunctionDef) and "POST" in words:
                continue
            for path in (text for text in words if text.startswith("/") and "{" in text):
                yield from ((type_of(path), version, source) for version in versions)


def clients(folder: Path) -> Iterator[Found]:
    """The packages of Azure's management that are installed in a folder."""
    for one in distributions(path=[str(folder)]):
        name = one.metadata["Name"]
        if _PACKAGES.fullmatch(name):
            place = folder.joinpath(*name.split("-"))
            yield from of_client(place, f"PyPI {name} {one.version}")
            yield from of_templates(place, f"PyPI {name} {one.version}")


def of_templates(folder: Path, source: str) -> Iterator[Found]:
    """The resources of deployment templates that a client brings along."""
    for file in sorted(folder.rglob("arm_templates/*.json")):
        texts = [json.loads(file.read_text(encoding="utf-8"))]
        while texts:
            one = texts.pop()
            texts += [
                each for each in (one.values() if isinstance(one, dict) else one) if isinstance(each, dict | list)
            ]
            if (
                isinstance(one, dict)
                and _VERSION.fullmatch(str(one.get("apiVersion")))
                and "/" in str(one.get("type"))
            ):
                yield one["type"].lower(), one["apiVersion"], source


def said() -> Iterator[Found]:
    """What Azure itself said."""
    for type_, source, versions in _SAID:
        yield from ((type_, version, source) for version in versions.split())


def gathered(specs: Path, folders: list[Path]) -> dict[str, dict[str, set[str]]]:
    """Types, their versions, and where each was found."""
    types: dict[str, dict[str, set[str]]] = {}
    every = [*said(), *of_bicep(specs / "bicep-types"), *of_openapi(specs / "openapi" / "specification")]
    for folder in folders:
        every += clients(folder)
    for type_, version, source in every:
        if type_ in _OF_THE_GATEWAY:
            type_ = _GATEWAY  # noqa: PLW2901
        if type_ == _GATEWAY or any(f"{type_}/".startswith(f"{one}/") for one in _PROVIDERS):
            types.setdefault(type_, {}).setdefault(version, set()).add(source)
    for prefix, source, listed in _BETWEEN:
        for type_ in (one for one in types if f"{one}/".startswith(f"{prefix}/")):
            known = sorted(types[type_])
            for version in listed.split():
                if known[0] < version < known[-1] or type_ == prefix:
                    types[type_].setdefault(version, set()).add(source)
    for prefix, source, version in _SENT:
        for type_ in (one for one in types if f"{one}/".startswith(f"{prefix}/")):
            types[type_].setdefault(version, set()).add(source)
    return types


def main() -> None:
    """Writes the file."""
    specs, *folders = map(Path, sys.argv[1:])
    types = gathered(specs, folders)
    names = sorted({name for versions in types.values() for each in versions.values() for name in each})
    number = {name: place for place, name in enumerate(names)}
    document = {
        "made_by": "sandbox/tools/gather_api_versions.py",
        "sources": names,
        "types": {
            type_: {version: sorted(number[name] for name in versions[version]) for version in sorted(versions)}
            for type_, versions in sorted(types.items())
        },
    }
    lines = [f'  "{type_}": {json.dumps(versions)}' for type_, versions in document["types"].items()]
    head = json.dumps({name: document[name] for name in ("made_by", "sources")}, indent=1).rstrip("}\n ")
    _TARGET.write_text(f'{head},\n "types": {{\n' + ",\n".join(lines) + "\n }\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
