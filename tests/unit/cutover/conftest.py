"""A chain of evidence of the plan that these tests cut over."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.cutover import cut

from amlmigrate.ledger import Ledger
from amlmigrate.ledger.evidence import Evidence


@pytest.fixture
def chain(tmp_path: Path, ledger: Ledger) -> Evidence:
    return cut.chain(tmp_path, ledger)
