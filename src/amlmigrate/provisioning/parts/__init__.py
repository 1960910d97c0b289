"""One file per kind of resource: how it is read, what becomes of it, what it is made of."""
