"""Drills the revocation of a key: disables its version for a time, sees what refuses, and enables it again.

What it shows is how soon what is under a key refuses without it, and answers again. It shows nothing of
shredding: the key is there all the time.

- `facts.read` looks, `refusing.reasons` decides whether a drill may begin; both change nothing.
- `stage.carry_out` is the drill, on a `DrillPort`, which is all that it needs of Azure and of this machine.
- `following` takes back what was measured of what may have switched to a newer version meanwhile.
- `watcher` is a process of its own that enables the version at the limit, whatever becomes of the command.
- `restoring` ends a drill by what the version's tag says (`keys.drills`), from any machine.
"""
