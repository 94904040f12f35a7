"""Formulas as MathML, which browsers draw by themselves: no script, nothing to download."""

from docutils.utils.math.latex2mathml import tex2mathml


def visit_inline(self, node):
    """Write a formula into the line."""
    self.body.append(tex2mathml(node.astext(), as_block=False))
    node.children = []


def visit_block(self, node):
    """Write a formula on a line of its own."""
    self.body.append(f'<div class="formula">{tex2mathml(node.astext(), as_block=True)}</div>')
    node.children = []


def depart(self, node):
    """Write nothing more."""


def setup(app):
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (visit_inline, depart), (visit_block, depart))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
