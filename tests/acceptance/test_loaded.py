"""What a real command loads: MLClient, which takes seconds to load, only to read through it."""

from __future__ import annotations

from tests.acceptance.world import World


def _loaded(world: World, *arguments: str) -> set[str]:
    result = world.installed(*arguments, PYTHONPROFILEIMPORTTIME="1")
    assert result.code == 0, result.err[-2000:]
    return {line.rpartition("|")[2].strip() for line in result.err.splitlines() if line.startswith("import time:")}


def test_no_stage_loads_the_sdk_of_azure_ml_but_for_its_depth(small_world: World) -> None:
    world = small_world
    for arguments in (("plan", *world.names), ("verify",)):
        if "verify" in arguments:
            world.ok("run")
        loaded = _loaded(world, *arguments)
        assert "amlmigrate.cli.main" in loaded
        assert not [name for name in loaded if name.startswith("azure.ai")], arguments
    assert "azure.ai.ml" in _loaded(world, "verify", "--depth", "sdk")
