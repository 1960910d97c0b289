"""The codes of all findings except those of claims, with their severities: no other code may be used."""

from __future__ import annotations

from dataclasses import dataclass

from amlmigrate.core.finding import Severity


@dataclass(frozen=True, slots=True)
class Code:
    """What findings of a code say, and the severities that they can have."""

    name: str
    severities: tuple[Severity, ...]
    says: str


def _code(name: str, severity: Severity, says: str) -> Code:
    return Code(name, (severity,), says)


# What `plan` finds about the items of a source.
ITEMS = (
    _code("access-lists-left", "warning", "access lists of a hierarchical namespace are not copied"),
    _code("account-of-others", "warning", "the source's account serves other workspaces too, or may"),
    _code("blob-history-left", "blocks", "the container has snapshots or versions, which are not copied"),
    _code("blob-history-unread", "blocks", "it could not be read whether the container has snapshots or versions"),
    _code("blob-holds", "warning", "the container is under a hold or policy, and the target's is not"),
    _code("blob-names-dotted", "error", "blobs with '.' or '..' between slashes: no copy can have such a name"),
    _code("blob-names-long", "error", "blobs whose names or URLs are longer than the service accepts"),
    _code("blob-type-changed", "warning", "append and page blobs become block blobs, byte for byte"),
    _code(
        "blobs-customer-key",
        "error",
        "blobs are encrypted with a key that their writer sent along: this tool cannot read them",
    ),
    _code("blobs-too-large", "error", "blobs are longer than a block blob can be"),
    _code("blobs-archived", "error", "blobs in the archive tier cannot be read"),
    _code(
        "file-permissions",
        "warning",
        "permissions (ACLs) of files, and what directories have of their own, are not copied",
    ),
    _code("bytes-absent", "warning", "the item's bytes do not exist in the source either"),
    _code("bytes-in-share", "blocks", "the item's bytes are in a file share that has no place in the target"),
    _code("bytes-outside", "warning", "the item's bytes are outside the workspace and stay there"),
    _code("collections-absent", "warning", "Azure says that it has no such collection here: it counts as empty"),
    _code("compute-growth", "warning", "a quota of the target's region does not suffice for all nodes at once"),
    _code("compute-identity", "warning", "the compute has an identity of its own, which needs its rights again"),
    _code(
        "compute-login",
        "warning",
        "the compute's account for SSH has, or may have, a password, which stays behind",
    ),
    _code("compute-quota", "error", "a quota of the target's region does not suffice for a cluster"),
    _code("compute-subnet", "warning", "the compute's nodes are in a subnet, which has to be of its region"),
    _code(
        "connection-identity", "warning", "the connection signs in by an identity, which needs its rights again"
    ),
    _code(
        "datastore-credentials",
        "error",
        "a datastore over the workspace's own container has credentials for the old account",
    ),
    _code(
        "datastore-in-old-account", "warning", ("the datastore points into the old account and continues to do so")
    ),
    _code(
        "datastore-without-twin",
        "error",
        "the target lacks a system datastore, so it is not known where its blobs go",
    ),
    _code(
        "delta-log-names-source",
        "blocks",
        "the log of a Delta table names files by their old address, and is not rewritten",
    ),
    _code(
        "copies-left-over",
        "warning",
        "the target has copies of this tool whose source is gone, and nothing in the plan refers to them",
    ),
    _code(
        "delta-log-unread", "blocks", "the log of a Delta table cannot be read: where its files are is not known"
    ),
    _code("deleted-blobs-left", "warning", "the container has deleted blobs that its account still keeps"),
    _code("default-datastore", "blocks", "the source's default datastore is not made the target's default"),
    _code("deletes-itself", "warning", "the service deletes the item when its setting says so, in the target too"),
    _code(
        "diagnostic-retention", "warning", "how long a storage account keeps what a setting sends does not move"
    ),
    _code("file-archived", "error", "a file that may name the old workspace is archived"),
    _code("file-encoded", "blocks", "a file that may name the old workspace is stored under a `Content-Encoding`"),
    _code(
        "file-names-source", "error", "a file names the old workspace and is in a place where nothing is written"
    ),
    _code(
        "file-keeps-source",
        "error",
        "a file would still name the old workspace in the target, where something reads it",
    ),
    _code("file-not-json", "blocks", "a `.json` or `.jsonl` file names the old workspace and is not valid JSON"),
    _code("file-not-text", "error", "a file that may name the old workspace is not text that can be read"),
    _code("file-not-yaml", "blocks", "a table's file is not valid YAML: what it reads is not known"),
    _code(
        "file-text-names-source", "warning", "a comment or a literal in a file names the old workspace, and stays"
    ),
    _code("file-too-large", "blocks", "a `.json` or `.jsonl` file is too large to be rewritten"),
    _code("file-unread", "blocks", "a file of another account may name the old workspace and could not be read"),
    _code("foreign-bytes", "blocks", "some of the item's bytes in the target are somebody else's, or too many"),
    _code("gone-from-source", "blocks", "the target has copies of this tool whose source is gone"),
    _code("file-unreadable", "error", "a file that may name the old workspace cannot be read by anybody"),
    _code(
        "identity-has-less",
        "warning",
        "the service gives the target's identity less on its group",
    ),
    _code("image-in-old-registry", "warning", "the image is in the source's registry and is pulled from there"),
    _code("index-tags-unread", "blocks", "index tags of blobs cannot be read, and would not be copied"),
    _code("instance-disk", "warning", "the disk of a compute instance is not copied, and is lost with the source"),
    _code(
        "instance-idle", "warning", "the instance's identity needs a right, or it does not stop when it is idle"
    ),
    _code(
        "instance-ssh-key", "warning", "the instance is made without its key for SSH, which only its owner may set"
    ),
    _code("instance-schedules", "warning", "schedules that start an instance are made disabled"),
    _code("instance-sign-on", "warning", "only its owner can enable single sign-on of an instance"),
    _code("job-output-unknown", "blocks", "the item refers to a job's output whose place is not known"),
    _code("latest-moves", "warning", "'latest' of a name moves from the target's own version to the one created"),
    _code("latest-overtaken", "error", "'latest' of a name would mean an older version than in the source"),
    _code("list-not-sorted", "warning", "a container's list came in another order, and was sorted on disk"),
    _code("matches-nothing", "warning", "a glob of a fleet's selection matches nothing in this workspace"),
    _code(
        "names-source",
        "blocks",
        "the item, or text among its bytes, names the source in the target, and will break with it",
    ),
    _code(
        "not-listed-by-arm", "warning", "something on the data plane, which Azure Resource Manager does not list"
    ),
    _code("new-name-taken", "warning", "the name that the item would have got is something else's in the target"),
    _code("old-name", "warning", "a text is the old name of something that the target calls otherwise"),
    _code("name-refused", "error", "the service no longer accepts that name"),
    _code("not-looked-at", "warning", "what ARM does not show, and may name the source's identities"),
    _code("one-version", "blocks", "the item names one version or snapshot of a blob, which is not copied"),
    _code("reference-by-hand", "warning", "the item refers to something that a person has to make in the target"),
    _code("reference-elsewhere", "warning", "the item refers to another workspace, and continues to do so"),
    _code("reference-left", "blocks", "the item refers to something that will not be in the target"),
    _code("reference-missing", "warning", "the item refers to something that is not in the source either"),
    _code(
        "reference-stays",
        "warning",
        "the item refers to something that the service offers and the target does not show",
    ),
    _code(
        "right-outlived",
        "blocks",
        "the target gives a right that the source has taken since it moved, or gives for a time only",
    ),
    _code("schedule-start", "warning", "the service does not say from when a schedule's intervals count"),
    _code("secret-given", "warning", "a secret of the item is given with --secrets, and compared with nothing"),
    _code(
        "setting-differs", "warning", "a setting of the target is different, and protects neither more nor less"
    ),
    _code("setting-lost", "blocks", "something that is set in the source is missing in the target"),
    _code("setting-opened", "error", "the target is open to public networks where the source is closed"),
    _code("setting-unknown", "blocks", "a setting differs, and it is not known which value is stricter"),
    _code("setting-weaker", "blocks", "a setting of the target is less strict than the source's"),
    _code("settings-unread", "blocks", "settings that only an older api-version shows could not be compared"),
    _code("signed-lines", "error", "lines of a file that name the old workspace contain a secret"),
    _code("text-names-source", "warning", "text for people names the source, and is moved as it is"),
    _code(
        "condition-names-source",
        "blocks",
        "the condition of a role assignment goes on naming the source",
    ),
    _code(
        "signed-url", "error", "the item has a signature of the old account, which is not valid for the new one"
    ),
    _code(
        "table-absent",
        "blocks",
        "a table without its file: what it reads, and how, is defined elsewhere, or nowhere",
    ),
    _code("table-reads-unknown", "blocks", "a table's path leads out of its container"),
    _code("secret-versions-stay", "warning", "only the newest version of a secret moves, by its value"),
    _code("users-unknown", "error", "the plan deletes blobs that something in the target may refer to"),
    _code("vault-named", "warning", "the item names the source's key vault, and goes on to read there"),
)
# What `doctor` finds; `plan` takes it over.
SURROUNDINGS = (
    Code("copy-scope", ("error", "warning"), "the target's account accepts copies only from selected accounts"),
    _code("datastore-identity", "warning", "the target's identity may not read a datastore's account"),
    _code(
        "key-of-source", "error", "what is moved would stay under the source's key, or under one of the same vault"
    ),
    _code("keys-refused", "error", "an account does not allow its keys, but datastores use one"),
    Code("locked", ("error", "warning"), "a lock is in the way of a later step"),
    _code("network-closed", "error", "an account does not allow access from this machine"),
    _code("network-restricted", "warning", "an account allows access only from selected networks"),
    _code("not-checked", "warning", "something could not be read, and so was not checked"),
    _code(
        "exemption-ends",
        "warning",
        "an exemption that keeps the source from being refused ends before the move, the soak and the time for a"
        " recovery do",
    ),
    _code(
        "exemptions-unread",
        "warning",
        "it could not be read which policies the source is exempt from, and until when",
    ),
    _code("policy-denies", "warning", "a policy denies resources that do not comply with it"),
    _code("policy-refuses", "error", "Azure predicts that a policy refuses what would be written"),
    _code("policy-unread", "warning", "it could not be read what a policy denies"),
    _code("provider-unregistered", "error", "the target's subscription lacks a resource provider"),
    _code("quota-used-up", "warning", "a quota of the target's region is used up"),
    Code(
        "right-missing",
        ("error", "warning"),
        "an action that a command needs is not allowed, or is not known to be",
    ),
    _code(
        "source-under-key",
        "warning",
        "the source is under a customer's key already: which, and who has rights on it",
    ),
    _code("target-in-use", "warning", "somebody may have changed the target while it was planned"),
    _code("target-refuses", "error", "the target refuses everybody, for example because its key cannot be used"),
    _code("token-refused", "error", "there is no token for storage or vaults"),
    _code("vault-deleted", "warning", "a deleted vault blocks its name"),
    _code("ledger-beside-unread", "warning", "what a neighbouring plan created is not known to be the tool's own"),
    _code("stopped-for-another", "blocks", "a cutover to another target stopped it in the source"),
)
# What protects the blobs of an account, compared by `verify`; `plan` tells of it as warnings.
_TOLD: tuple[Severity, ...] = ("blocks", "warning")
PROTECTION = (
    Code(
        "container-more-public",
        _TOLD,
        "a container of the target is open to anonymous readers, more than in the source",
    ),
    _code("container-metadata-left", "warning", "the target's container lacks metadata of the source's"),
    Code("containers-kept-shorter", _TOLD, "the target's account keeps deleted containers for a shorter time"),
    Code("deleted-blobs-kept-shorter", _TOLD, "the target's account keeps deleted blobs for a shorter time"),
    Code("immutability-weaker", _TOLD, "a container's retention policy is shorter in the target, or not locked"),
    Code("legal-hold-left", _TOLD, "a container is under a legal hold, and the target's is not"),
    Code("lifecycle-ends-copies", _TOLD, "a lifecycle rule of the target's account deletes or archives copies"),
    Code("lifecycle-unread", _TOLD, "lifecycle rules of an account could not be read"),
    _code("lifecycle-rules-left", "warning", "the target's account lacks lifecycle rules of the source's"),
    _code(
        "access-policies-left", "warning", "the target's container lacks stored access policies of the source's"
    ),
    _code("protection-unread", "warning", "something that protects an account could not be read"),
    Code(
        "replication-left",
        _TOLD,
        "the source's account replicates blobs, and the target's does not in the same way",
    ),
    Code("restore-shorter", _TOLD, "point-in-time restore covers a shorter time in the target's account"),
    Code("versions-not-kept", _TOLD, "the source's account keeps versions of blobs, and the target's does not"),
)
# What `freeze` finds.
WRITERS = (
    _code("account-shared", "warning", "the account serves another workspace too, so the assignment stays"),
    _code(
        "account-sharing-unknown",
        "warning",
        "it is not known whether the account serves another workspace, so the assignment stays",
    ),
    _code("begins-later", "warning", "a role that allows writing begins later, or may be activated from then on"),
    _code(
        "delegated", "warning", "another tenant manages the subscription, and its rights are in no list of roles"
    ),
    _code(
        "for-a-time", "warning", "the assignment ends by itself, and stays: if it were restored, it would not end"
    ),
    _code("inherited", "warning", "the assignment is inherited from a wider scope, and stays"),
    _code("may-activate", "warning", "somebody may activate a role that allows writing"),
    _code("own-rights", "warning", "the caller's own rights come from the assignment, so it stays"),
    _code(
        "runner-elsewhere",
        "warning",
        "it is not known who runs the plan in the source's tenant, so no assignment stays because of that",
    ),
    _code("runner-group", "warning", "the rights of whoever runs the plan come from the assignment, so it stays"),
    _code(
        "runner-rights", "warning", "the assignment stays because its holder runs the plan, as the evidence says"
    ),
    _code("role-unread", "warning", "the role cannot be read, and counts as one that allows writing"),
    _code("workspace-rights", "warning", "the workspace's own rights come from the assignment, so it stays"),
    _code("account-keys", "warning", "whoever has a key of the account can write without any role"),
)
# What has become of what was proven, once the target is in use.
SINCE_CUTOVER = (
    _code("deleted-since-cutover", "blocks", "what was proven in the target is no longer there"),
    _code("overwritten-since-cutover", "blocks", "a proven blob of the target has different bytes now"),
    _code("unread-since-cutover", "blocks", "the bytes of a proven blob cannot be read since"),
    _code("runs-as-operator", "blocks", "what went live runs in the name of who moved it, and not of its owner"),
)
# What has become of what somebody decided about.
LET_GO = (
    _code(
        "waived-changed",
        "blocks",
        ("the target has a different one by now than when the item was waived"),
    ),
    _code("waived-gone", "blocks", "what the target had in the place of a waived item is gone"),
    Code("done-gone", ("blocks", "warning"), "the target no longer shows what somebody did by hand"),
    _code("came-since-plan", "blocks", "a role assignment came into the source since the plan was made"),
    _code(
        "went-since-plan", "blocks", "a role assignment that moved went from the source since the plan was made"
    ),
    _code(
        "lessened-since-plan",
        "blocks",
        "a role assignment that moved ends by itself in the source by now, or may do so",
    ),
)
CODES = {code.name: code for code in (*ITEMS, *SURROUNDINGS, *PROTECTION, *WRITERS, *SINCE_CUTOVER, *LET_GO)}
