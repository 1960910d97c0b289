"""Makes what is there what is desired: parts are read, decided, learned from and acted on; a re-run does the rest.

What exists and is others' is never changed beyond the word that its owner gave.
"""
