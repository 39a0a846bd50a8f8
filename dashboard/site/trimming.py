"""Takes out of the packages what costs their import time and nobody in a worker ever asks for.

Every change names the text that it replaces; in a version of the package with another text that
place stays as it is, which the build says: the site then works as well and starts a little later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.site.pyodide_files import Log


@dataclass(frozen=True)
class Trim:
    """One change of a module: its path, the text that stands there once, and what replaces it."""

    path: str
    old: str
    new: str


# Templates of pages are for servers, notebooks and conversions; each is compiled when first used.
LATE_ENVIRONMENT = """class LateTemplate:
    def __init__(self, environment, late_name):
        self.environment, self.late_name = environment, late_name

    def __getattr__(self, key):
        return getattr(Environment.get_template(self.environment, self.late_name), key)


class LateEnvironment(Environment):
    def get_template(self, name, *arguments, **options):
        if isinstance(name, str):
            return LateTemplate(self, name)
        if hasattr(name, "late_name"):
            name = Environment.get_template(name.environment, name.late_name)
        return super().get_template(name, *arguments, **options)


"""

LATE_YAML = """class LateYaml:
    def __getattr__(self, name):
        import yaml
        return getattr(yaml, name)


yaml = LateYaml()
"""

TRIMS = (
    # The signatures of all models with their keywords, for people who read their help.
    Trim(
        "bokeh/model/model.py",
        "kws = set(cls.properties()) - set(cls._args) - omissions\n",
        "kws = set()\n",
    ),
    Trim(
        "bokeh/core/templates.py",
        "@lru_cache(None)\ndef get_env()",
        f"{LATE_ENVIRONMENT}@lru_cache(None)\ndef get_env()",
    ),
    Trim("bokeh/core/templates.py", "return Environment(", "return LateEnvironment("),
    Trim("panel/io/resources.py", "def get_env():\n", f"{LATE_ENVIRONMENT}def get_env():\n"),
    Trim("panel/io/resources.py", "return Environment(", "return LateEnvironment("),
    # A parser of settings in files, of which there are none.
    Trim("bokeh/settings.py", "import yaml\n", LATE_YAML),
    Trim("bokeh/themes/theme.py", "import yaml\n", LATE_YAML),
    # The whole document was searched for callbacks in order not to warn of them.
    Trim(
        "bokeh/embed/util.py",
        "if submodel_has_python_callbacks(models) and not suppress_callback_warning:",
        "if not suppress_callback_warning and submodel_has_python_callbacks(models):",
    ),
    # Every slot was looked up in every class of the hierarchy, most of which lack the parameter.
    Trim(
        "param/parameterized.py",
        "        supers = classlist(mcs)[::-1]\n\n        # Explicitly inherit instantiate",
        "        supers = [c for c in classlist(mcs)[::-1] if param_name in c.__dict__]\n\n"
        "        # Explicitly inherit instantiate",
    ),
    Trim(
        "param/parameterized.py",
        """                if new_param is None or not hasattr(new_param, slot):
                    continue

                new_value = getattr(new_param, slot)
""",
        "                new_value = getattr(new_param, slot, Undefined)\n",
    ),
    # Nobody watches the slots of a parameter while its class is being made.
    Trim(
        "param/parameterized.py",
        """        for slot, value in slot_values.items():
            setattr(param, slot, value)
""",
        """        watchers = getattr(param, "watchers", None)
        is_watched = watchers or p_type._on_set is not Parameter._on_set
        put = setattr if is_watched else object.__setattr__
        param._invalidate_init_cache()
        for slot, value in slot_values.items():
            put(param, slot, value)
""",
    ),
    Trim(
        "param/parameterized.py",
        "                v = getattr(param, slot)\n                if _is_mutable_container(v):",
        "                v = object.__getattribute__(param, slot)\n"
        "                if _is_mutable_container(v):",
    ),
    Trim(
        "param/parameterized.py",
        "                dfactory = val.default_factory\n                if (\n",
        '                dfactory = object.__getattribute__(val, "default_factory")\n'
        "                if (\n",
    ),
    # Whether a value is of an abstract class is a slow question with mostly the same answers.
    Trim(
        "param/_utils.py",
        "    return isinstance(value, MUTABLE_TYPES)\n",
        "    plain = (type(None), bool, int, float, str, tuple, type)\n"
        "    return type(value) not in plain and isinstance(value, MUTABLE_TYPES)\n",
    ),
    # The signature of every function that waits for a change was taken apart.
    Trim(
        "bokeh/util/callback_manager.py",
        "            _check_callback(callback, ('attr', 'old', 'new'))\n",
        "",
    ),
    # The same list was made anew for every parameter.
    Trim(
        "panel/reactive.py",
        """        for p in self.param:
            if p not in self._synced_params:
""",
        """        synced = self._synced_params
        for p in self.param:
            if p not in synced:
""",
    ),
    # The help beside a label is one plain sentence; a whole reader of Markdown was imported for it.
    Trim(
        "panel/widgets/base.py",
        """                from ..pane.markup import Markdown
                parser = Markdown._get_parser('markdown-it', (), Markdown.hard_line_break, **renderer_options)
                html = parser.render(description)
""",  # noqa: E501 - Panel's own lines
        """                import re
                if re.fullmatch(r"[^\\W\\d_](?:[^\\W_]|[ ,.;:()…–’%-])*", description):
                    html = f"<p>{description}</p>\\n"
                else:
                    from ..pane.markup import Markdown
                    parser = Markdown._get_parser('markdown-it', (), Markdown.hard_line_break, **renderer_options)
                    html = parser.render(description)
""",  # noqa: E501 - Panel's own lines
    ),
    # All settings were kept and restored around every part of the page.
    Trim(
        "panel/config.py",
        "        values = [(p, getattr(self, p)) for p in self.param if p != 'name']\n",
        """        if all(getattr(self, k) is v for k, v in kwargs.items()):
            yield
            return
        values = [(p, getattr(self, p)) for p in self.param if p != 'name']
""",
    ),
)


def trim(contents: Mapping[str, bytes], log: Log) -> dict[str, bytes]:
    """Return the files of packages with all changes made that fit; `log` hears of the others."""
    trimmed = dict(contents)
    for change in TRIMS:
        text = trimmed.get(change.path, b"").decode()
        if text.count(change.old) == 1:
            trimmed[change.path] = text.replace(change.old, change.new).encode()
        else:
            log(
                f"{change.path} holds {change.old.strip().splitlines()[0]!r} "
                f"{text.count(change.old)} times instead of once and stays as it is: the site "
                "will start a little later (dashboard/site/trimming.py)"
            )
    return trimmed
