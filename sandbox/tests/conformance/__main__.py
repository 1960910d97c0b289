"""`make conformance`: Microsoft's own validator and the Azure CLI, held against the local Azure. Not part of the suite."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from conformance.described import HERE, described, judged, validated

ROOT = HERE.parents[2]
TOOLS = ROOT / ".conformance"
SPECS = Path(os.environ.get("CONFORMANCE_SPECS") or ROOT.parent / "shared" / "specs" / "openapi")
AZ = TOOLS / "azure-cli" / "bin" / "az"
CLI = "azure-cli==2.91.0"
# Operations that no exchange is made of, each with its reason.
LEFT = {
    "Quotas_Update": "no quota of the local Azure is changed",
    "Workspaces_Delete": "the workspace goes with the sandbox",
    "Compute_ListKeys": "no compute of the run has keys",
    "PrivateEndpointConnections_Get": "no private endpoint is made in the run",
    "PrivateEndpointConnections_CreateOrUpdate": "no private endpoint is made in the run",
    "PrivateEndpointConnections_Delete": "no private endpoint is made in the run",
}


def _set_up() -> None:
    """oav below a folder of its own, the Azure CLI in a virtual environment of its own: not among the project's packages."""
    TOOLS.mkdir(exist_ok=True)
    shutil.copy(HERE / "package.json", TOOLS)
    if not (TOOLS / "node_modules" / "oav").is_dir():
        subprocess.run(
            ["npm", "install", "--no-fund", "--no-audit", "--no-package-lock", "--loglevel=error"],
            cwd=TOOLS,
            check=True,
        )
    if not AZ.exists():
        subprocess.run([sys.executable, "-m", "venv", str(TOOLS / "azure-cli")], check=True)
        pip = [str(AZ.with_name("python")), "-m", "pip", "install", "-qq", "--disable-pip-version-check", CLI]
        subprocess.run(pip, check=True)


def _inside(state: str, *command: str) -> int:
    """Runs a module of these in a local Azure of its own."""
    sandbox = [
        "azsandbox",
        "exec",
        "--arm-limits",
        "off",
        "--capture",
        "--state",
        state,
        "--",
        sys.executable,
        "-m",
        *command,
    ]
    return subprocess.run(sandbox, cwd=HERE.parent, check=False).returncode


def _descriptions() -> int:
    """How many things are wrong with what the local Azure answers, by Microsoft's descriptions."""
    if not SPECS.is_dir():
        print(
            f"FAILED  no descriptions in {SPECS}: name a checkout of Azure/azure-rest-api-specs with CONFORMANCE_SPECS"
        )
        return 1
    with tempfile.TemporaryDirectory() as state:
        refused = _inside(state, "conformance.traffic")
        found = judged(validated(shutil.which("node") or "node", TOOLS, SPECS, Path(state) / "capture.jsonl"))
    for told, count in sorted(found.allowed.items()):
        print(f"known   {told} ({count} times)")
    missing = {name: path for name, path in described(SPECS).items() if name not in found.operations}
    for name, path in missing.items():
        print(
            f"{'left   ' if name in LEFT else 'FAILED '} {name} ({path}): {LEFT.get(name, 'no exchange was made of it')}"
        )
    for told, count in sorted(found.wrong.items()):
        print(f"FAILED  {told} ({count} times)")
    wrong = len(found.wrong) + len(missing.keys() - LEFT.keys()) + bool(refused)
    print(
        f"oav: {found.held} exchanges of {len(found.operations)} operations were held to the descriptions of 2023-04-01, {wrong} failures.",
        flush=True,
    )
    return wrong


def main() -> int:
    """Both; 0 where nothing failed."""
    _set_up()
    wrong = _descriptions()
    with tempfile.TemporaryDirectory() as state:
        cli = _inside(state, "conformance.azcli", str(AZ))
    print(f"Conformance: {'passed' if not wrong and not cli else 'FAILED'}.")
    return 1 if wrong or cli else 0


if __name__ == "__main__":
    sys.exit(main())
