"""The contact with DVC: no other package of the library imports it, or knows how it keeps data.

Another tool in the place of DVC has to provide what these modules do:

- `repository`: which stages and which data are not what was recorded, what the remote lacks of
  what a commit needs, and to push that.
- `stores`: to find, to read and to delete an object by its hash, in the cache and in each remote.
- `command`: to track a folder, to fetch a file of a commit, to merge two states of a folder, and to
  run what is out of date.
- `settings`: which remote a project has.
- `copies`: to use the project's cache and remote from a copy in another folder.
- `hashes`: the hash of a file and of a folder, and what a folder's list of files says.
- `pointers`, `stages`, `runs`: what the files in Git say of data, of the pipeline and of its last
  run. They go on being read, in earlier commits.
"""
