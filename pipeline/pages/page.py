"""Pages from templates: everything inline, every name escaped, and nothing that could be fetched from elsewhere.

A page's security policy allows its own script, by hash, and pictures that it carries itself: it could not load
anything from another host if it tried to, and a script that came in with a name would not run.
"""

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

FOLDER = Path(__file__).parent / "templates"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(
    template: str, styles: tuple[str, ...], scripts: tuple[str, ...], *, served: bool = False, **values: object
) -> str:
    """Fills a template.

    Args:
        template: its file.
        styles: the style sheets, in order.
        scripts: the scripts' files, in order; all one script on the page.
        served: whether the page may speak to the server that it comes from.
        values: what the template speaks of; text is escaped.
    """
    code = "\n".join((FOLDER / name).read_text("utf-8") for name in scripts)
    return (
        _environment()
        .get_template(template)
        .render(
            **values,
            style=Markup("\n".join((FOLDER / name).read_text("utf-8") for name in styles)),
            script=Markup(code),
            policy=_policy(code, served),
        )
    )


def _policy(code: str, served: bool) -> str:
    """The script stands in the page exactly as it is hashed here: its element holds nothing else."""
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode("ascii")
    own = "'self'" if served else "'none'"
    return (
        f"default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        f"connect-src {own}; base-uri 'none'; form-action 'none'"
    )
