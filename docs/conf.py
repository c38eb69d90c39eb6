"""How Sphinx builds the manual. `make docs` calls it by tools/manual.py, which writes its sources.

Why Sphinx with MyST, in November 2026: MyST 5.2 and this theme were released in that month, Sphinx
reads docstrings and checks links, and pages stay plain Markdown. The latest release of the theme
Furo was eleven months old. Zensical was at version 0.1.
"""

import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

sys.path.insert(0, str(Path(__file__).parent.parent / "tools"))
from manual_reference import public_names

project = "cookiecutter-dvc"
html_title = "cookiecutter-dvc"
root_doc = "index"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

myst_heading_anchors = 4  # as GitHub makes them
smartquotes = False  # it would change the hyphens of an option
default_role = "literal"  # docstrings have the backticks of Markdown

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_use_unqualified_type_names = True
napoleon_use_ivar = True
maximum_signature_line_length = 88

# A wrong public name fails the build. Names of other libraries would need the internet, and types
# of inner modules have no page.
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!tabrail\b).*"), ("py:class", r"tabrail\.\w+\.\w+\..*")]
linkcheck_ignore = [r".*(<|%3C)owner.*", r"https?://(localhost|127\.0\.0\.1).*"]

html_theme = "pydata_sphinx_theme"
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"header_links_before_dropdown": 8, "navbar_align": "left"}

PUBLIC = {
    f"{thing.__module__}.{thing.__qualname__}": f"{module}.{name}"
    for module, name, thing in public_names()
}


def setup(app: Sphinx) -> None:
    """Let annotations, which name the module of a class, lead to its public name."""
    app.connect("missing-reference", find_by_public_name)
    app.connect("autodoc-skip-member", skip_request)


def find_by_public_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, shown: nodes.TextElement
) -> Any:
    """Return a link to the public name of what is defined elsewhere, if it has one."""
    name = PUBLIC.get(node.get("reftarget", ""))
    if name is None or node.get("refdomain") != "py":
        return None
    domain = env.domains.python_domain
    return domain.resolve_xref(env, node["refdoc"], app.builder, node["reftype"], name, node, shown)


def skip_request(app: Sphinx, what: str, name: str, *_: Any) -> bool | None:
    """Leave out the methods by which scikit-learn routes metadata: it makes them for each class."""
    return True if name.startswith("set_") and name.endswith("_request") else None
