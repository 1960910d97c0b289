"""The demo's notebooks and scripts, which lie in a file share and are no assets: rows that `seed` takes."""

from __future__ import annotations

import json
from typing import Any

from azsandbox.seed import CODE_SHARE

Row = dict[str, Any]

_KIB = 1024


def files() -> list[Row]:
    """What two of the team have in their folders."""
    notebooks = {
        "ann/credit-risk/explore.ipynb": ("# Credit risk: a first look", "import pandas as pd"),
        "ann/credit-risk/train.ipynb": ("# Training", "import mlflow"),
        "bo/churn.ipynb": ("# Churn", "from sklearn.linear_model import LogisticRegression"),
    }
    rows = [file(f"Users/{path}", text=notebook(*cells)) for path, cells in notebooks.items()]
    rows.append(file("Users/ann/credit-risk/helpers.py", text="def rate(paid, due):\n    return paid / due\n"))
    rows.append(file("Users/bo/.amlignore", text="*.csv\n"))
    rows.append(file("Users/bo/sample data.csv", 14 * _KIB))
    return rows


def file(path: str, size: int = 0, *, text: str | None = None, share: str = CODE_SHARE) -> Row:
    """A file of `size` made bytes, or of the text."""
    return {"share": share, "path": path, **({"text": text} if text is not None else {"bytes": size})}


def notebook(title: str, code: str) -> str:
    """A notebook of a title and a cell of code, as the studio writes it."""
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": [code],
    }
    cells = [{"cell_type": "markdown", "metadata": {}, "source": [title]}, cell]
    kernel = {"display_name": "Python 3.10 - SDK v2", "language": "python", "name": "python310-sdkv2"}
    document = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1) + "\n"
