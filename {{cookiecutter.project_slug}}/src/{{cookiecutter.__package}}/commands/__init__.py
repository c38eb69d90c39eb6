"""The project's own verbs, one a file: what each takes, says and exits with.

A file here is a verb: its function of the same name. To delete the file deletes the verb.
"""
