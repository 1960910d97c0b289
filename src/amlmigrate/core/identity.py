"""Who acts: an identity of Entra, as a token names it."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """`object_id` tells one from another; all else may be empty.

    `name` is a person's, `app_id` an application's; `tenant_id` is the tenant that gave the token.
    """

    object_id: str
    name: str = ""
    app_id: str = ""
    tenant_id: str = ""

    def __str__(self) -> str:
        known = self.name or (f"application {self.app_id}" if self.app_id else "")
        return f"{known} (object id {self.object_id})" if known else f"object id {self.object_id}"

    def as_dict(self) -> dict[str, str]:
        """Its form in a plan's header and in evidence."""
        return asdict(self)

    def same(self, object_id: str, tenant_id: str = "") -> bool:
        """Whether that is its object id, in its tenant as far as both are known; letter case does not matter."""
        elsewhere = self.tenant_id and tenant_id and self.tenant_id.lower() != tenant_id.lower()
        return bool(self.object_id) and self.object_id.lower() == object_id.lower() and not elsewhere
