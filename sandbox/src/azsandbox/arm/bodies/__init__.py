"""What Microsoft's descriptions allow in a body, and the refusal of what they do not."""
