"""Values only: frozen, without input or output."""
