"""Alerts by hand: files of a folder, each of which fires a rule or says that its condition holds no longer.

Nothing of Azure is like it. It is how rules on metrics fire, of which there are none here, and any other rule too.
"""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path

from azsandbox.arm.ground import Ground
from azsandbox.arm.monitor.alerts import Fired, fire, open_ones, resolve

FOLDER = "alerts-by-hand"
_log = logging.getLogger(__name__)
# Type of a rule: service and signal of its alerts.
_SAYS = {
    "microsoft.insights/metricalerts": ("Platform", "Metric"),
    "microsoft.insights/scheduledqueryrules": ("Log Alerts V2", "Log"),
    "microsoft.insights/activitylogalerts": ("ActivityLog Administrative", "Log"),
}


def ask(folder: Path, rule: str, target: str = "", *, resolved: bool = False) -> None:
    """Has a rule fire at the next request, on `target` or on its first scope; or resolves what it has fired."""
    place = folder / FOLDER
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{time.time_ns():020}-{os.getpid()}"
    draft = place / f".{name}"
    draft.write_text(json.dumps({"rule": rule, "target": target, "resolved": resolved}), encoding="utf-8")
    draft.rename(place / name)


class ByHand:
    """What was asked for by hand, carried out once."""

    def __init__(self, ground: Ground, folder: Path) -> None:
        self._ground, self._place = ground, folder / FOLDER
        self._name = os.fspath(self._place)  # looked at with every request

    def carry_out(self) -> None:
        """Does what is there to do, in the order in which it was asked for."""
        if not os.path.exists(self._name):  # noqa: PTH110 - quicker
            return
        for file in sorted(one for one in self._place.iterdir() if not one.name.startswith(".")):
            asked = json.loads(file.read_text(encoding="utf-8"))
            file.unlink()
            self._one(str(asked["rule"]), str(asked["target"]), resolved=bool(asked["resolved"]))

    def _one(self, id_: str, target: str, *, resolved: bool) -> None:
        rule = self._ground.store.get("/" + id_.strip("/").lower())
        if rule is None or rule.type not in _SAYS:
            _log.warning("%s is no rule that is there: nothing fires", id_)
            return
        if resolved:
            for alert in list(open_ones(self._ground, rule)):
                resolve(self._ground, alert)
            return
        service, signal = _SAYS[rule.type]
        severity = int(rule.properties.get("severity", 4))
        fire(self._ground, Fired(rule, target or str(rule.properties["scopes"][0]), severity, service, signal))
