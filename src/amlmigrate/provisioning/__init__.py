"""From a short file to a workspace under a customer's key, with all that it needs."""
