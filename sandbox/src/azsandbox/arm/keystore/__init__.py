"""The keys of vaults as the store has them: found, read, and who may use them."""
