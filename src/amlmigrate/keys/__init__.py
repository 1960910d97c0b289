"""Customers' keys that are in use: which versions there are, what lies under each, and what is due.

For whoever changes keys or drills, on what is read here:

- `reading.read(side, scope, now)` gives a `KeySurvey`: each `KeyInUse` with its versions (tags included), its
  rotation policy, its profile's cryptoperiod and all `Dependant`s that could be found. Only reads. `unread` says
  what could not be listed: while it is not empty, nobody knows that the dependants are all.
- A `Dependant` has the whole document that ARM gave (`document`), so that a PATCH can be made of it; what of it
  names the key is read by `dependants.of_workspace`, `of_account`, `of_scope` and `of_registry`, by which it is
  read back after a change too; which levels it has `dependants.by(standard, decisions)` tells (`KeyRules.levels`).
- `adoption.of(key, dependant, now)` tells where a dependant stands against the version that counts (`goal`): on
  it, waiting until a time because it follows by itself, left behind, or not known.
- `KeyInUse.level(fact, levels)` is the gravest of its dependants by tags, rules and owners' decisions, None where
  one of them is not known: who goes by environment counts that as production.
- `Dependant.principal` is who uses the key for it, `KeyInUse.principals` all of them: a caller in the log that is
  none of these is somebody else.
- `auditlog.read(side, vault_id, now)` has who used and changed keys of a vault, as the vault's log shows it; where
  the log cannot be read it says why, and that is never the same as "nobody".
- A drill that ended leaves its time in the tag `model.DRILLED` on the version that it was about, which the record
  of the key shows as the last one.
"""
