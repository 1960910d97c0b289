"""Object replication policies of a storage account, kept and shown: nothing is replicated here."""

from __future__ import annotations

import uuid

from azsandbox.arm.calls import Call
from azsandbox.arm.clock import tracked_time
from azsandbox.arm.kinds import Kind, child_id
from azsandbox.arm.providers.storagelists import invalid
from azsandbox.arm.registry import register
from azsandbox.arm.render import answer
from azsandbox.arm.store import Record
from azsandbox.arm.tracked import object_of
from azsandbox.messages import Response

_ACCOUNTS = "Microsoft.Storage/storageAccounts"


@register
class ObjectReplicationPolicies(Kind):
    """`objectReplicationPolicies`: a new one is put as `default` on the destination and gets its id there.

    learn.microsoft.com/azure/storage/blobs/object-replication-configure.
    """

    type = f"{_ACCOUNTS}/objectReplicationPolicies"

    async def put(self, call: Call) -> Response:
        """200, new or not (specification/storage, ObjectReplicationPolicies_CreateOrUpdate)."""
        account = call.ancestor(_ACCOUNTS)
        sent = object_of(call.body(), "properties")
        rules = sent.get("rules")
        ends = [sent.get(name) for name in ("sourceAccount", "destinationAccount")]
        if not isinstance(rules, list) or not rules or not all(isinstance(one, str) and one for one in ends):
            raise invalid("objectReplicationPolicy.properties")
        name = str(uuid.uuid4()) if call.name == "default" else call.name
        ruled = [{**rule, "ruleId": rule.get("ruleId") or str(uuid.uuid4())} for rule in rules]
        properties = {**sent, "rules": ruled, "policyId": name, "enabledTime": tracked_time(call.tick())}
        key = f"{account.key}/objectreplicationpolicies/{name.lower()}"
        id_ = child_id(account.id, self.type, name)
        document = {"id": id_, "name": name, "type": self.type, "properties": properties}
        self.context.store.put(Record(key, self.key_type, call.route.parent, id_, name, document))
        return answer(200, document)
