"""The command line: one command per verb, each scriptable without a prompt."""
