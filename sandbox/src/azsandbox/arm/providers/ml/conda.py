"""`condaFile`: sent as YAML, answered as indented JSON text, keys in their order (AZ-ASSET-9)."""

from __future__ import annotations

import functools
import json

import yaml

# The C parser where PyYAML has it: conda files are parsed on every PUT.
_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@functools.lru_cache(maxsize=256)
def as_json(text: str) -> str:
    """The text as the service answers it. Raises ValueError for what is no YAML mapping."""
    if not text.strip():
        return ""
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader either way
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    if not isinstance(document, dict):
        raise ValueError("a mapping is expected")  # noqa: TRY004 - of the text, not of a type
    # Dates and the like, which JSON lacks, as their text (AZ-ASSET-28).
    return json.dumps(document, indent=2, ensure_ascii=False, default=str)
