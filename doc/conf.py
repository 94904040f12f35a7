"""How Sphinx builds the pages: ``make doc``, to ``build/doc/index.html``. Nothing is downloaded."""

import inspect
import os
import sys
from importlib import import_module
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the examples' nets are small
sys.path[:0] = [str(Path(__file__).parent / "_extensions"), str(Path(__file__).parents[1])]

import skdynacor

project = "skdynacor"
author = "the skdynacor developers"
copyright = author
version = release = skdynacor.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "sphinx_copybutton",
    "mathml",
    "usage",
]
exclude_patterns = ["examples"]  # the gallery is made of them
templates_path = ["_templates"]
highlight_language = "none"  # of literal blocks, which are commands
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(sklearn|skorch|torch)\..*")]  # their pages are elsewhere
suppress_warnings = ["config.cache"]  # a function in ``autosummary_context``


def own_methods(module, name):
    """Name the documented methods of a class that are ours, not scikit-learn's or torch's."""
    classes = inspect.getmro(getattr(import_module(module), name))
    members = {k: v for each in reversed(classes) for k, v in vars(each).items()}
    return sorted(
        name
        for name, member in members.items()
        if inspect.isfunction(member)
        and not name.startswith("_")
        and member.__doc__
        and member.__module__.startswith("skdynacor")
    )


autosummary_generate = True
autosummary_context = {"own_methods": own_methods}
autodoc_typehints = "none"
numpydoc_show_class_members = False  # the template of a class lists them
numpydoc_xref_param_type = False

html_title = "skdynacor"
html_theme = "pydata_sphinx_theme"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["skdynacor.css"]
html_sidebars = {
    "index": [],
    "getting-started": [],
    "results": [],
    "contributing": [],
    "changes": [],
}
html_show_sourcelink = False
html_theme_options = {
    "header_links_before_dropdown": 5,
    "show_prev_next": False,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "default",
    "pygments_dark_style": "github-dark",
}
html_context = {"default_mode": "auto"}

# Prompts and output lines are not what one wants to paste.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "auto_examples",
    "backreferences_dir": "api/generated/backreferences",
    "doc_module": ("skdynacor",),
    "reference_url": {"skdynacor": None},
    "within_subsection_order": "FileNameSortKey",
    "remove_config_comments": True,
    "ignore_repr_types": r"skdynacor\.displays\.",
    "show_memory": False,
    "write_computation_times": False,
    "download_all_examples": False,
    "abort_on_example_error": False,  # a failed example is a warning, and so an error of the build
    "matplotlib_animations": False,
}
