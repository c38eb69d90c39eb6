"""The interface to DVC: no other package of the library imports it or knows its files.

A tool that replaces DVC has to provide the functions of these modules:

- `repository`: find stages and data that are not up to date, find the files that the remote lacks
for a commit, and push them.
- `stores`: find, read and delete an object by its hash, in the cache and in each remote.
- `command`: track a folder, fetch a file of a commit, merge two versions of a folder, and run the
stages that are out of date.
- `settings`: read the default remote of a project.
- `copies`: use the project's cache and remote from a copy in another folder.
- `cached`: check whether the cache has a folder as it is now.
- `hashes`: hash a file and a folder, and read a folder's list of files.
- `pointers`, `stages`, `runs`: read the files in Git on the data, the pipeline and its last run.
They must stay readable for earlier commits.
"""
