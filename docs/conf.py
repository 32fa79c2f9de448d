"""How Sphinx builds the site: furo, MyST, no request to any other machine, and every warning an error (``make docs``)."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import nonlin
from docs import autodoc
from docs.site import REPOSITORY
from nonlin.catalogue import definitions
from nonlin.view.pages import EXPLORER, index_page

project = "nonlin"
author = "The nonlin maintainers"
copyright = "The nonlin maintainers, Apache-2.0"
version = release = nonlin.__version__
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "**/__pycache__"]
source_suffix = {".md": "markdown"}
nitpicky = True

myst_enable_extensions = ["attrs_inline", "colon_fence"]
myst_heading_anchors = 3  # the anchors that GitHub gives headings
myst_links_external_new_tab = False

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
python_use_unqualified_type_names = True
add_module_names = False

html_theme = "furo"
html_title = f"nonlin {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_sourcelink = False
html_theme_options = {
    "top_of_page_buttons": [],  # most pages are generated: there is no source to view or edit
    "footer_icons": [{"name": "Source", "url": REPOSITORY, "html": "Source", "class": ""}],
    "light_css_variables": {"color-brand-primary": "#0b5c8f", "color-brand-content": "#0b5c8f"},
    "dark_css_variables": {"color-brand-primary": "#6cb8e6", "color-brand-content": "#6cb8e6"},
}
pygments_style = "friendly"
pygments_dark_style = "monokai"


def setup(app):
    """Register what makes docstrings, written for people and terminals, readable as reStructuredText."""
    app.connect("autodoc-process-docstring", autodoc.process, priority=400)
    app.connect("autodoc-process-docstring", autodoc.finish, priority=600)
    app.connect("missing-reference", autodoc.resolve)
    app.connect("source-read", linked)


def linked(app, docname, source):
    """Give pages the links to what exists in the site alone: the pages of functions, and the explorer itself."""
    if docname == "functions":
        source[0] = index_page(definitions().values(), linked=True)
    if docname == "explorer" and EXPLORER not in source[0]:
        title, _, rest = source[0].partition("\n")
        source[0] = f'{title}\n\n<p><a href="{EXPLORER}">Open the explorer</a></p>\n{rest}'
