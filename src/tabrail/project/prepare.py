"""The stage that writes the prepared tables."""

import sys

from tabrail import cluster, paths
from tabrail.data.cleaning import Clean
from tabrail.data.parts import one_by_one
from tabrail.data.prepare import prepare_tables
from tabrail.data.prepare_parts import prepare_parts
from tabrail.errors import InputError
from tabrail.project.earlier_data import refuse_earlier_data
from tabrail.project.project import Project


def prepare(project: Project, clean: Clean) -> None:
    """Read data/raw, clean it, check it against the schema, and split it three ways.

    Memory is bounded by `prepare.chunk_rows` in params.yaml, not by the size of the data. Rows
    that violate the schema are counted and dropped. All files are written, or none:
    data/prepared/train.parquet, validation.parquet and test.parquet, and reports/data.json.

    Args:
        project: the project.
        clean: the owner's cleaning function. It gets rows with the columns as they came, and
            returns all or some of them with the same columns and the same index.

    Raises:
        InputError: data/raw is the version of an earlier commit, or `clean` fails. Or more rows
            violate the schema than params.yaml tolerates, or a split would have nothing to learn
            from or to score.

    Example:
        >>> from tabrail import Project, prepare
        >>> prepare(Project.load(example_root), lambda rows: rows)
        600 rows read, 0 dropped: 333 for train, 129 for validation, 138 for test
    """
    if unknown := refuse_earlier_data(project.root):
        print(unknown, file=sys.stderr)
    given = (project.params.prepare, project.schema, clean, project.root)
    with cluster.chosen(project.root, [paths.located(project.root, paths.RAW)]) as each:
        if project.params.prepare.parts:
            prepare_parts(*given, each)
        elif each is one_by_one:
            prepare_tables(*given)
        else:
            raise InputError(
                f"on a cluster, each worker writes parts of the prepared tables; set prepare.parts "
                f"to true in {paths.PARAMS}, or unset {cluster.VARIABLE}"
            )
