"""What feature sets and the entities of feature stores have in common."""

from __future__ import annotations

from amlmigrate.kinds._listed import EVERY_STATE, Listed


class InFeatureStore(Listed):
    """One is made anew in a feature store, which is another workspace: none is looked for in the target."""

    shown = False
    query = EVERY_STATE
