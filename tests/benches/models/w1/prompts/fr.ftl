# No word is said.
