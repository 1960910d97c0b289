"""What the deployments of batch and of online endpoints have in common."""

from __future__ import annotations

from amlmigrate.core.asset import Asset
from amlmigrate.kinds._listed import Listed
from amlmigrate.kinds._losses import Loss, endpoint


class Deployments(Listed):
    """A deployment is live as long as it is there, and goes before its endpoint does."""

    manual = "Create the endpoint under another name in the target region."
    blocks_deletion = True

    def live(self, asset: Asset) -> str:
        return f"{asset.address} is a live deployment."

    def lost(self, asset: Asset) -> Loss | None:
        return endpoint(str(asset.address))
