"""Azure Policy: definitions, what they say of a resource, and the refusal of what an assignment denies."""
