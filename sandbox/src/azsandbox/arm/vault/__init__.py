"""The data plane of key vaults, behind `*.vault.azure.net`: keys, their versions, and what they are used for."""
