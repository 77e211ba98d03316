"""Settings of the slide decks: `make slides` turns each deck here into one page of slides in slides/_build/html.

Nothing comes from the network: reveal.js and its fonts lie inside sphinx-revealjs, and mathematics is written in plain
letters and figures, so that no script for it is needed. Colours come from the palette of the figures.
"""

from pathlib import Path
from string import Template

from captionlib.plots.palette import INK, PALE, PAPER, QUIET, ROLES

HERE = Path(__file__).parent
STYLE = HERE / "_build" / "style"
STYLE.mkdir(parents=True, exist_ok=True)
colours = {"INK": INK, "PALE": PALE, "PAPER": PAPER, "QUIET": QUIET, **ROLES}
(STYLE / "house.css").write_text(Template((HERE / "house.css").read_text("utf8")).substitute(colours), "utf8")

project = "captionlib"
root_doc = "index"
extensions = ["myst_nb", "sphinx_revealjs"]
exclude_patterns = ["_build"]
html_copy_source = False

nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_remove_code_source = True
nb_ipywidgets_js = {}  # a lesson's widgets are not shown, and their scripts would come from the network
nb_mime_priority_overrides = [("revealjs", "text/html", 10)]

revealjs_static_path = [str(STYLE)]
revealjs_css_files = ["house.css"]
revealjs_style_theme = "white"
revealjs_script_plugins = [{"src": "revealjs/plugin/notes/notes.js", "name": "RevealNotes"}]
revealjs_script_conf = {
    "width": 1280,
    "height": 720,
    "margin": 0.04,
    "center": False,
    "hash": True,
    "slideNumber": "c/t",
    "transition": "none",
}
