"""Cutting over: what evidence holds both sides to, before the old workspace stops and from then on."""
