"""Holds a file of `migrate provision` against its model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amlmigrate.core import filechecks
from amlmigrate.core.filechecks import Problem
from amlmigrate.core.filemodel import FileModel
from amlmigrate.provisioning.model import File


def schema() -> dict[str, Any]:
    """The JSON Schema of the file (draft 2020-12), for editors and for the documentation."""
    return filechecks.schema(File, "A file of `migrate provision`")


def problems(document: Mapping[str, Any], model: type[FileModel] = File) -> list[Problem]:
    """Path in the file and what is wrong there, in the order of the paths."""
    return filechecks.problems(document, model)
