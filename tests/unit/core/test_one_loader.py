"""Files of people are read by one loader; what else reads YAML reads files of others, which are moved as they are."""

from __future__ import annotations

import ast
from pathlib import Path

import amlmigrate

# The loader itself, how deep a text may be, documents and tables of others, and what only writes YAML.
OTHERS = {
    "core/strictyaml.py", "core/nesting.py", "kinds/environments.py", "bytes/yamltext.py", "bytes/tables.py",
    "planning/byhand/folder.py",
}  # fmt: skip
READS = {"load", "load_all", "safe_load", "safe_load_all", "full_load", "compose", "compose_all", "parse", "scan"}


def test_no_module_loads_yaml_of_people_by_itself() -> None:
    root = Path(amlmigrate.__file__).parent
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "yaml"
        and node.attr in READS
    }
    assert found and found <= OTHERS, found - OTHERS
