"""What a kind declares of the members of its documents, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

# The name or the pointer of a member, and why it is one of these.
Named = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fields:
    """Members of `properties` by their name, or by a JSON pointer where a name begins with `/`: of the envelope.

    `computed`: by the service; neither sent nor compared. `mutable`: what a later PUT may change, with all below.
    `customer_maps`: their keys are the customer's, so that in them a null is a value, as of a tag without one.
    `secrets`: the service answers nothing there, and none is compared. `uris`: pointers below `properties` at
    which a URI of bytes stands. `provenance`: the member of `properties` that keeps the origin, '' for none.
    """

    computed: Named
    mutable: Named
    customer_maps: Named
    secrets: Named
    uris: tuple[str, ...] = ()
    provenance: str = "properties"

    def but(
        self,
        *,
        computed: Named | None = None,
        mutable: Named | None = None,
        customer_maps: Named | None = None,
        secrets: Named | None = None,
        uris: tuple[str, ...] = (),
    ) -> Fields:
        """These, and more of each."""
        return replace(
            self,
            computed={**self.computed, **(computed or {})},
            mutable={**self.mutable, **(mutable or {})},
            customer_maps={**self.customer_maps, **(customer_maps or {})},
            secrets={**self.secrets, **(secrets or {})},
            uris=(*self.uris, *uris),
        )

    def changes(self, field: str) -> bool:
        """Whether a PUT may change what stands at a JSON pointer of a document."""
        pointers = (name if name.startswith("/") else f"/properties/{name}" for name in self.mutable)
        # A pointer ends at a slash: a name that only begins like one of these is another.
        return any(f"{field}/".startswith(f"{pointer}/") for pointer in pointers)


COMMON = Fields(
    computed={"provisioningState": "the state of the service"},
    mutable={
        "description": "text for people",
        "tags": "the customer's labels",
        "/tags": "the customer's labels, where they are the envelope's",
    },
    customer_maps={
        "tags": "a tag may have no value",
        "properties": "the customer's own",
        "flavors": "MLflow's, as the customer's framework wrote them",
    },
    secrets={},
)
