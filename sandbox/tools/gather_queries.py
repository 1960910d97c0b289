"""Gathers which query parameters each operation of Azure has, for the local Azure.

    python sandbox/tools/gather_queries.py SPECS CLIENTS...

SPECS is a folder with `openapi/specification/` (Azure/azure-rest-api-specs); of Azure ML it has 2023-04-01.
CLIENTS are folders that hold Python packages of Azure: the environment's own `site-packages`, and one for each
package that `pip install --no-deps --target FOLDER PACKAGE==VERSION` fetches. Of Azure ML only what the
environment pins counts.

Writes `src/azsandbox/data/queries.json` with the parts `arm`, `vault`, `blob` and `share`: the names of the
parameters by `METHOD shape`, where a shape is the path with `{}` for each name, or what a call of the blob or the
file service is about (`azsandbox.knownqueries`).
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from azsandbox.knownqueries import arm_shape, path_shape, storage_shape

_TARGET = Path(__file__).parents[1] / "src" / "azsandbox" / "data" / "queries.json"
_METHODS = ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE")
_PACKAGES = re.compile(r"azure-mgmt-.*|azure-ai-ml")
# Of Azure ML what the environment has and no other version.
_ONE_VERSION = re.compile(r"azure-mgmt-machinelearningservices|azure-ai-ml")
_PROVIDERS = (
    "microsoft.alertsmanagement",
    "microsoft.authorization",
    "microsoft.compute",
    "microsoft.containerregistry",
    "microsoft.containerservice",
    "microsoft.eventgrid",
    "microsoft.insights",
    "microsoft.keyvault",
    "microsoft.machinelearningservices",
    "microsoft.managedidentity",
    "microsoft.management",
    "microsoft.network",
    "microsoft.operationalinsights",
    "microsoft.policyinsights",
    "microsoft.resources",
    "microsoft.storage",
)
_PARAMETER = re.compile(r"""(?:_params|query_parameters)\[["']([^"']+)["']\]\s*=""")
_SENDS = re.compile(r"self\._client\.(get|head|put|post|patch|delete)\(")
Found = tuple[str, str, set[str]]  # method, path, names


def of_openapi(files: Iterator[Path]) -> Iterator[Found]:
    """The operations of descriptions."""
    for file in sorted(files):
        for path, calls in json.loads(file.read_text(encoding="utf-8")).get("paths", {}).items():
            for method, call in calls.items():
                if method.upper() in _METHODS:
                    given = [
                        _resolved(file, one) for one in (*calls.get("parameters", ()), *call.get("parameters", ()))
                    ]
                    yield method.upper(), path, {one["name"] for one in given if one["in"] == "query"}


def _resolved(file: Path, parameter: dict[str, Any]) -> dict[str, Any]:
    """A parameter, or that which it refers to. Raises FileNotFoundError where that file is missing."""
    if "$ref" not in parameter:
        return parameter
    place, _, pointer = parameter["$ref"].partition("#/")
    target = (file.parent / place).resolve() if place else file
    found = json.loads(target.read_text(encoding="utf-8"))
    for step in pointer.split("/"):
        found = found[step]
    return _resolved(target, found)


def of_functions(file: Path) -> Iterator[Found]:
    """The operations of a client: a function for each request or, in older ones, a class with them."""
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            words = _words(node)
            names = set(_PARAMETER.findall(_source(lines, node)))
            for method in words.intersection(_METHODS):
                yield from ((method, path, names) for path in words if path.startswith("/"))
        elif isinstance(node, ast.ClassDef):
            yield from _of_class(lines, node)


def _of_class(lines: list[str], node: ast.ClassDef) -> Iterator[Found]:
    addresses = {
        one.targets[0].value.id: path
        for one in node.body
        if isinstance(one, ast.Assign)
        and isinstance(one.targets[0], ast.Attribute)
        and isinstance(one.targets[0].value, ast.Name)
        for path in _words(one)
        if path.startswith("/")
    }
    for one in node.body:
        if isinstance(one, ast.FunctionDef) and (path := addresses.get(one.name.removesuffix("_initial"))):
            source = _source(lines, one)
            names = set(_PARAMETER.findall(source))
            yield from ((method.upper(), path, names) for method in _SENDS.findall(source))


def _source(lines: list[str], node: ast.FunctionDef) -> str:
    return "\n".join(lines[node.lineno - 1 : node.end_lineno])


def _words(node: ast.AST) -> set[str]:
    texts = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
    return {text for text in texts if isinstance(text, str)}


def clients(folder: Path, own: Path) -> Iterator[Found]:
    """The operations of the packages of Azure's management in a folder; `own` is that of the environment."""
    for one in distributions(path=[str(folder)]):
        name = one.metadata["Name"]
        if not _PACKAGES.fullmatch(name) or (folder != own and _ONE_VERSION.fullmatch(name)):
            continue
        for file in sorted(folder.joinpath(*name.split("-")).rglob("operations/*.py")):
            if "aio" not in file.parts:
                yield from of_functions(file)


def arm(specs: Path, folders: list[Path]) -> dict[str, set[str]]:
    """What ARM and its providers have."""
    found: dict[str, set[str]] = {}
    every = [*of_openapi(specs.glob("openapi/specification/*/resource-manager/*/*/*/*.json"))]
    for folder in folders:
        every += clients(folder, folders[0])
    for method, path, names in every:
        shape = arm_shape(path)
        from_top = path.startswith(("/subscriptions", "/providers", "/{"))
        if names - {"api-version"} and from_top and shape.split("/")[0] in _PROVIDERS:
            found.setdefault(f"{method} {shape}", set()).update(names)
    return found


def vault(specs: Path, own: Path) -> dict[str, set[str]]:
    """What vaults have: keys and deleted keys."""
    found: dict[str, set[str]] = {}
    described = specs.glob("openapi/specification/keyvault/data-plane/*/stable/*/keys.json")
    client = own / "azure" / "keyvault" / "keys" / "_generated" / "_operations" / "_operations.py"
    for method, path, names in (*of_openapi(described), *of_functions(client)):
        found.setdefault(f"{method} {path_shape(path)}", set()).update(names)
    return found


_LITERAL = r'{}: Literal\["([^"]+)"\]'
_ABOUT = {"_service_operations.py": "account", "_container_operations.py": "container"}


def blob(own: Path) -> dict[str, set[str]]:
    """What the blob service has, as its client knows it: operations differ by `restype` and `comp`."""
    found: dict[str, set[str]] = {}
    for file in sorted(
        (own / "azure" / "storage" / "blob" / "_generated" / "operations").glob("_*_operations.py")
    ):
        text = file.read_text(encoding="utf-8")
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("build_"):
                source = _source(text.splitlines(), node)
                restype, comp = (
                    next(iter(re.findall(_LITERAL.format(name), source)), "") for name in ("restype", "comp")
                )
                names = set(_PARAMETER.findall(source))
                for method in _words(node).intersection(_METHODS):
                    shape = storage_shape(_ABOUT.get(file.name, "blob"), restype, comp)
                    found.setdefault(f"{method} {shape}", set()).update(names)
    return found


_SHARE_ABOUT = {"service": "account", "share": "share", "directory": "directory", "file": "file"}


def share(own: Path) -> dict[str, set[str]]:
    """What the file service has, as its client knows it: `restype` and `comp` are in the address."""
    found: dict[str, set[str]] = {}
    file = own / "azure" / "storage" / "fileshare" / "_generated" / "operations" / "_operations.py"
    text = file.read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if not isinstance(node, ast.FunctionDef) or not node.name.startswith("build_"):
            continue
        source = _source(text.splitlines(), node)
        fixed = dict(re.findall(r"[?&](\w+)=(\w*)", next(iter(re.findall(r'_url = "([^"]*)"', source)), "")))
        about = _SHARE_ABOUT[node.name.split("_")[1]]
        shape = storage_shape(about, fixed.get("restype", ""), fixed.get("comp", ""))
        for method in _words(node).intersection(_METHODS):
            found.setdefault(f"{method} {shape}", set()).update(fixed, _PARAMETER.findall(source))
    return found


def main() -> None:
    """Writes the file."""
    specs, *folders = map(Path, sys.argv[1:])
    parts = {
        "arm": arm(specs, folders),
        "vault": vault(specs, folders[0]),
        "blob": blob(folders[0]),
        "share": share(folders[0]),
    }
    blocks = []
    for part, found in parts.items():
        lines = [f"  {json.dumps(key)}: {json.dumps(sorted(names))}" for key, names in sorted(found.items())]
        blocks.append(f' "{part}": {{\n' + ",\n".join(lines) + "\n }")
    _TARGET.parent.mkdir(exist_ok=True)
    _TARGET.write_text(
        '{\n "made_by": "sandbox/tools/gather_queries.py",\n' + ",\n".join(blocks) + "\n}\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
