"""The project's own verbs, one a file: what each takes, says and exits with."""
