"""The file of `migrate provision` as a model: every member, its form and what it is."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, ValidationError, WrapValidator
from pydantic_core import PydanticCustomError

from amlmigrate.core.filemodel import FORM, FileModel, Form, ObjectId, VaultId, Whole, arm_id, may, needed

Access = Literal["roles", "policies"]
OnOff = Literal["Enabled", "Disabled"]
Size = Annotated[Literal[2048, 3072, 4096], Whole]
Days = Annotated[int, Whole]
Duration = Annotated[
    str,
    Form(r"P(?=\d)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?", "a duration in years, months, weeks or days (ISO 8601)", "P90D"),
]
VaultName = Annotated[
    str,
    Form(
        r"[a-zA-Z](?!.*--)[a-zA-Z0-9-]{1,22}[a-zA-Z0-9]",
        "a name of 3 to 24 letters, digits and hyphens that begins with a letter, ends with a letter or digit and"
        " has no two hyphens in a row",
        "kv-keys",
    ),
]
Told = Annotated[str, Form(r".*\S.*", "one line of text", "data-platform@example.com")]
_LIFE = "How long a version is valid, from its creation; 28 days at least."
_ROTATION = "After how long the vault makes a new version; 7 days at least, and 7 days before it expires."
_NOTICE = "How long before its expiry the vault sends a notification; 7 days at least."
_TYPE = "`RSA` (software-protected) or `RSA-HSM` (needs a premium vault)."
_SIZE = "Bits. Storage accounts take these three; 3072 or more is recommended."
_OF_THE_GROUP = "A vault of this resource group, created if it is missing."
_AS_ABOVE = "As in `keyVault`."


class Adopted(FileModel):
    """What its owner agrees to."""

    allow: list[
        Literal["encryption", "network", "sharedKey", "purgeProtection", "grants", "keys", "rotation", "endpoints"]
    ] = needed("What of it may be changed; nothing else is.")


class NetworkModel(FileModel):
    """Who reaches it."""

    public_access: OnOff = may("`Disabled`: through private endpoints only.")
    default_action: Literal["Allow", "Deny"] = may("What happens to addresses and subnets that are not named.")
    trusted_services: bool = may(
        "Whether Azure's trusted services pass a closed firewall. Those that use the key have to."
    )
    ip_rules: list[str] = may("Addresses and CIDR ranges let in.")
    subnets: list[str] = may("ARM ids of subnets let in.")


EndpointName = Annotated[
    str,
    Form(
        "[a-zA-Z0-9][a-zA-Z0-9_.-]{0,78}[a-zA-Z0-9_]",
        "a name of 2 to 80 letters, digits, dots, hyphens and underscores that begins with a letter or digit and"
        " does not end with a dot or hyphen",
        "pe-workspace",
    ),
]


class PrivateEndpoint(FileModel):
    """A private endpoint."""

    name: EndpointName = needed("Created if it is missing.")
    subnet: Annotated[str, arm_id("a subnet", "Microsoft.Network", "virtualNetworks", "subnets")] = needed(
        "ARM id of its subnet."
    )
    dns_zones: list[Annotated[str, arm_id("a private DNS zone", "Microsoft.Network", "privateDnsZones")]] = may(
        "ARM ids of the private DNS zones that get its names.", min_length=1
    )


class KeyVault(FileModel):
    """The vault of the key."""

    either = True
    apart = ("id", ("network", "privateEndpoint", "softDeleteDays"))
    name: VaultName = may(_OF_THE_GROUP)
    id: VaultId = may("An existing vault, in any resource group of the subscription.")
    soft_delete_days: Days = may(
        "How long what is deleted can be recovered; set at creation only. Default 90.", ge=7, le=90
    )
    access: Access = may(
        "Azure roles or the vault's access policies. Default: what the vault uses; `roles` for a new one."
    )
    network: NetworkModel = may("Who reaches the vault.")
    private_endpoint: PrivateEndpoint = may(
        "A private endpoint to the vault; zone `privatelink.vaultcore.azure.net`."
    )


class SecretsVault(FileModel):
    """The vault of the workspace's secrets."""

    either = True
    apart = KeyVault.apart
    name: VaultName = may(_OF_THE_GROUP)
    id: VaultId = may("An existing one.")
    soft_delete_days: Days = may(_AS_ABOVE, ge=7, le=90)
    access: Access = may(_AS_ABOVE)
    network: NetworkModel = may(_AS_ABOVE)
    private_endpoint: PrivateEndpoint = may(_AS_ABOVE)


class KeyModel(FileModel):
    """The key: a profile, or values of one's own."""

    apart = ("profile", ("type", "size", "expires", "rotate", "notify"))
    name: Annotated[
        str, Form("[a-zA-Z0-9-]{1,127}", "a name of 1 to 127 letters, digits and hyphens", "cmk-workspace")
    ] = needed("Created if it is missing.")
    profile: str = may("A profile of the table, as `PCI-DSS`, `HIPAA`, `NIST`.")
    type: Literal["RSA", "RSA-HSM"] = may(_TYPE)
    size: Size = may(_SIZE)
    expires: Duration = may(_LIFE)
    rotate: Duration = may(_ROTATION)
    notify: Duration = may(_NOTICE)


class Profile(FileModel):
    """A row of the table of profiles."""

    type: Literal["RSA", "RSA-HSM"] = needed(_TYPE)
    size: Size = needed(_SIZE)
    expires: Duration = may(_LIFE)
    rotate: Duration = may(_ROTATION)
    notify: Duration = may(_NOTICE)
    reasons: dict[str, str] = may("Why, for each value.")


class IdentityModel(FileModel):
    """The user-assigned identity that uses the key and runs the workspace."""

    either = True
    name: Annotated[
        str,
        Form(
            "[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}",
            "a name of 3 to 128 letters, digits, hyphens and underscores that begins with a letter or digit",
            "id-workspace",
        ),
    ] = may("An identity of this resource group, created if it is missing.")
    id: Annotated[
        str, arm_id("a user-assigned identity", "Microsoft.ManagedIdentity", "userAssignedIdentities")
    ] = may("An existing one.")


class StorageEndpoints(FileModel):
    """Private endpoints to the account: the workspace uses its blobs and its files."""

    blob: PrivateEndpoint = may("To its blobs; zone `privatelink.blob.core.windows.net`.")
    file: PrivateEndpoint = may("To its files; zone `privatelink.file.core.windows.net`.")


class StorageModel(FileModel):
    """The workspace's storage account, under the same key."""

    either = True
    apart = ("id", ("network", "privateEndpoints", "sku", "sharedKey"))
    name: Annotated[
        str, Form("[a-z0-9]{3,24}", "a name of 3 to 24 lower-case letters and digits", "stworkspace1")
    ] = may("An account of this resource group, created if it is missing.")
    id: Annotated[str, arm_id("a storage account", "Microsoft.Storage", "storageAccounts")] = may(
        "An existing one; it is put under the key."
    )
    sku: Literal[
        "Standard_LRS", "Standard_ZRS", "Standard_GRS", "Standard_RAGRS", "Standard_GZRS", "Standard_RAGZRS"
    ] = may("Redundancy. Default `Standard_LRS`.")
    shared_key: bool = may(
        "Whether the account's keys may be used. `false` needs `workspace.systemDatastoresAuthMode: Identity`, and"
        " that nobody else uses an account that exists. Default `true`."
    )
    network: NetworkModel = may("Who reaches the account.")
    private_endpoints: StorageEndpoints = may(
        "Private endpoints to the account: the workspace uses its blobs and its files."
    )


class RegistryModel(FileModel):
    """A container registry (Premium), under the same key from its creation."""

    name: Annotated[str, Form("[a-zA-Z0-9]{5,50}", "a name of 5 to 50 letters and digits", "crworkspace")] = (
        needed("A registry of this resource group, created if it is missing.")
    )
    admin_user: bool = may("Whether the registry's admin user is on, as in Microsoft's sample. Default `true`.")
    public_access: OnOff = may("`Disabled`: through private endpoints only.")
    private_endpoint: PrivateEndpoint = may("A private endpoint to the registry; zone `privatelink.azurecr.io`.")


class LogAnalyticsModel(FileModel):
    """A Log Analytics workspace for Application Insights."""

    either = True
    apart = ("id", ("retentionDays",))
    name: Annotated[
        str,
        Form(
            "[a-zA-Z0-9][a-zA-Z0-9-]{2,61}[a-zA-Z0-9]",
            "a name of 4 to 63 letters, digits and hyphens, without a hyphen at either end",
            "log-workspace",
        ),
    ] = may("One of this resource group, created if it is missing.")
    id: Annotated[str, arm_id("a Log Analytics workspace", "Microsoft.OperationalInsights", "workspaces")] = may(
        "An existing one."
    )
    retention_days: Days = may("How long it keeps what it is sent. Default 30.", ge=30, le=730)


class ApplicationInsights(FileModel):
    """Application Insights of the workspace."""

    either = True
    name: Annotated[
        str,
        Form(
            r"[^%&/?\\<>]{1,255}", r"a name of 1 to 255 characters without any of % & / ? \ < >", "appi-workspace"
        ),
    ] = may("One of this resource group, created if it is missing.")
    id: Annotated[str, arm_id("an Application Insights component", "Microsoft.Insights", "components")] = may(
        "An existing one."
    )


class Classic(FileModel):
    """Classic encryption: Cosmos DB, AI Search and storage in a managed resource group of your subscription."""

    mode: Literal["classic"] = needed("`classic`.")
    cosmos_db_principal_id: ObjectId = needed(
        "Object id, in your tenant, of Azure Cosmos DB's application; it is granted the use of the key."
    )
    machine_learning_principal_id: ObjectId = may(
        "Object id, in your tenant, of Azure Machine Learning's application; it is granted Contributor on the"
        " subscription."
    )


def _one_of_two(value: Any, handler: Any) -> Any:
    """Says both ways to write it where it is neither, and which of them was meant is not known."""
    try:
        return handler(value)
    except ValidationError as error:
        if isinstance(value, dict) and value.get("mode") == "classic":
            # Says what is wrong with it.
            return Classic.model_validate(value)
        told = "write `service-side`, or an object with `mode: classic` and `cosmosDbPrincipalId`"
        raise PydanticCustomError(FORM, "{told}", {"told": told}) from error


class WorkspaceModel(FileModel):
    """The workspace."""

    name: Annotated[
        str,
        Form(
            "[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}",
            "a name of 3 to 33 letters, digits, hyphens and underscores that begins with a letter or digit",
            "ml-workspace",
        ),
    ] = needed("Created if it is missing.")
    friendly_name: str = may("What people see. Default: the name.")
    description: str = may("Free text.")
    key_vault: SecretsVault = may(
        "The vault of the workspace's secrets. Left out, the key's vault serves both. Needed where the key's vault"
        " is given by `id`."
    )
    encryption: Annotated[Literal["service-side"] | Classic, WrapValidator(_one_of_two)] = may(
        "`service-side` (default) or an object for classic."
    )
    hbi_workspace: bool = may(
        "High business impact: temporary disks of compute are encrypted, and less telemetry is sent. Set at"
        " creation only. Default `false`."
    )
    system_datastores_auth_mode: Literal["AccessKey", "Identity", "UserDelegationSAS"] = may(
        "How the workspace reaches its own containers. Default `AccessKey`."
    )
    public_network_access: OnOff = may("Whether the workspace is reached from public networks. Default `Enabled`.")
    managed_network: Literal["Disabled", "AllowInternetOutbound", "AllowOnlyApprovedOutbound"] = may(
        "Isolation of the managed virtual network."
    )
    private_endpoint: PrivateEndpoint = may(
        "A private endpoint to the workspace; zones `privatelink.api.azureml.ms` and"
        " `privatelink.notebooks.azure.net`."
    )


class Tags(FileModel):
    """Tags of everything that is created: whose it is, and whom to ask, beside any of one's own."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, str]

    owner: Told = needed("The team or person that the vault, its key and all the rest belong to.")
    contact: Told = needed("How its owner is reached when the key cannot be used, as a mailbox or a rota.")


class Profiles(FileModel):
    """A file of profiles of its user's own, below the member by which its places are told."""

    profiles: dict[str, Profile] = needed("The profiles.")


class File(FileModel):
    """What `migrate provision` reads."""

    subscription: str = may("Subscription id. Left out: `AZURE_SUBSCRIPTION_ID`.")
    location: str = needed("The region of everything that is created.")
    tags: Tags = needed("Tags of everything that is created. What exists keeps its own.")
    adopted: dict[str, Adopted] = may(
        "What may be changed in resources of others, by their names; each also has to be adopted with `--adopt`."
    )
    resource_group: Annotated[
        str,
        Form(
            r"[-\w._()]{1,90}",
            "a name of 1 to 90 letters, digits, hyphens, underscores, dots and parentheses",
            "rg-workspace",
        ),
    ] = needed("The resource group of everything that is created.")
    key_vault: KeyVault = needed("The vault of the key.")
    key: KeyModel = needed("The key: a profile, or values of one's own.")
    profiles: dict[str, Profile] = may("Profiles of one's own, or others in place of the shipped ones.")
    identity: IdentityModel = needed("The user-assigned identity that uses the key and runs the workspace.")
    storage: StorageModel = needed("The workspace's storage account, under the same key.")
    registry: RegistryModel = may("A container registry (Premium), under the same key from its creation.")
    log_analytics: LogAnalyticsModel = may("A Log Analytics workspace for Application Insights.")
    application_insights: ApplicationInsights = may(
        "Application Insights of the workspace; needs `logAnalytics`, unless an existing one is named."
    )
    workspace: WorkspaceModel = needed("The workspace.")
