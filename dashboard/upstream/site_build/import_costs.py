"""Changes of modules of Bokeh, Panel and param that make them faster to import and to use.

- **Changes**: the source text of the modules in `CHANGES`, as they are packed into the site
  (Bokeh 3.9.2, Panel 1.9.4, param 2.4.2). In a version with another text a change is left out, and
  the build says so; the site then starts a little later.
- **Why**: the imports of these packages take half of the start, since Python in a browser is
  several times slower than natively.
- **Measured**: a start of Python in the browser takes a quarter less processor time (0.8 s of
  3.3 s).
  Changes that gained less than 2 % each were deleted.
- **Upstream**: no issues yet; the comment at each change says what to propose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Log = Callable[[str], object]


@dataclass(frozen=True)
class Change:
    """One change of a module: its path, the text that it holds once, and the replacement."""

    path: str
    old: str
    new: str


LAZY_YAML = """class LazyYaml:
    def __getattr__(self, name):
        import yaml
        return getattr(yaml, name)


yaml = LazyYaml()
"""

LAZY_ENVIRONMENT = """class LazyTemplate:
    def __init__(self, environment, lazy_name):
        self.environment, self.lazy_name = environment, lazy_name

    def __getattr__(self, key):
        return getattr(Environment.get_template(self.environment, self.lazy_name), key)


class LazyEnvironment(Environment):
    def get_template(self, name, *arguments, **options):
        if isinstance(name, str):
            return LazyTemplate(self, name)
        if hasattr(name, "lazy_name"):
            name = Environment.get_template(name.environment, name.lazy_name)
        return super().get_template(name, *arguments, **options)


"""

LAZY_URLOPEN = """def urlopen(url):
    import urllib.request
    return urllib.request.urlopen(url)


"""

METADATA_OF_FOLDERS = """class importlib_metadata:
    def version(name):
        from pathlib import Path
        for folder in Path(__file__).parent.parent.glob(f"{name}-*.dist-info"):
            return folder.stem.partition("-")[2]
        from importlib.metadata import version
        return version(name)


"""

CHANGES = (
    # Templates of pages are for servers, notebooks and conversions: compile each on first use.
    Change(
        "bokeh/core/templates.py",
        "@lru_cache(None)\ndef get_env()",
        f"{LAZY_ENVIRONMENT}@lru_cache(None)\ndef get_env()",
    ),
    Change("bokeh/core/templates.py", "return Environment(", "return LazyEnvironment("),
    Change("panel/io/resources.py", "def get_env():\n", f"{LAZY_ENVIRONMENT}def get_env():\n"),
    Change("panel/io/resources.py", "return Environment(", "return LazyEnvironment("),
    # The whole document is searched for callbacks in order not to warn of them.
    Change(
        "bokeh/embed/util.py",
        "if submodel_has_python_callbacks(models) and not suppress_callback_warning:",
        "if not suppress_callback_warning and submodel_has_python_callbacks(models):",
    ),
    # The signature of every callback is inspected.
    Change(
        "bokeh/util/callback_manager.py",
        "            _check_callback(callback, ('attr', 'old', 'new'))\n",
        "",
    ),
    # The same list is made anew for every parameter.
    Change(
        "panel/reactive.py",
        """        for p in self.param:
            if p not in self._synced_params:
""",
        """        synced = self._synced_params
        for p in self.param:
            if p not in synced:
""",
    ),
    # The help beside a label is one plain sentence: a Markdown parser is not needed for it.
    Change(
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
    # All settings are saved and restored around every part of the page.
    Change(
        "panel/config.py",
        "        values = [(p, getattr(self, p)) for p in self.param if p != 'name']\n",
        """        if all(getattr(self, k) is v for k, v in kwargs.items()):
            yield
            return
        values = [(p, getattr(self, p)) for p in self.param if p != 'name']
""",
    ),
    # The signature of every model lists all its keywords, only for `help`: make it on demand.
    Change(
        "bokeh/model/model.py",
        "kws = set(cls.properties()) - set(cls._args) - omissions\n",
        "kws = set()\n",
    ),
    # A parser of settings and themes in files, of which there are none: import it on demand.
    Change("bokeh/settings.py", "import yaml\n", LAZY_YAML),
    Change("bokeh/themes/theme.py", "import yaml\n", LAZY_YAML),
    # A framework of tests, only to hash its objects: they are hashed like any other ones.
    Change("panel/io/cache.py", "import unittest.mock\n", ""),
    Change(
        "panel/io/cache.py", "    unittest.mock.Mock : lambda obj: _int_to_bytes(id(obj)),\n", ""
    ),
    # HTTP and e-mail of the standard library. Nothing of the app sends requests with urllib, and a
    # version can be read in the name of a folder.
    Change(
        "panel/io/pyodide.py",
        "    import pyodide_http\n    pyodide_http.patch_all()\n",
        "    pyodide_http = False\n",
    ),
    Change("panel/pane/vtk/vtk.py", "from urllib.request import urlopen\n", LAZY_URLOPEN),
    Change(
        "bokeh/__init__.py",
        "import importlib.metadata as importlib_metadata\n",
        METADATA_OF_FOLDERS,
    ),
    # Every slot is looked up in every class of the hierarchy: skip those without the parameter.
    Change(
        "param/parameterized.py",
        "        supers = classlist(mcs)[::-1]\n\n        # Explicitly inherit instantiate",
        "        supers = [c for c in classlist(mcs)[::-1] if param_name in c.__dict__]\n\n"
        "        # Explicitly inherit instantiate",
    ),
    Change(
        "param/parameterized.py",
        """                if new_param is None or not hasattr(new_param, slot):
                    continue

                new_value = getattr(new_param, slot)
""",
        "                new_value = getattr(new_param, slot, Undefined)\n",
    ),
    # Slots are set while the class is made: nothing can watch them yet.
    Change(
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
    Change(
        "param/parameterized.py",
        "                v = getattr(param, slot)\n                if _is_mutable_container(v):",
        "                v = object.__getattribute__(param, slot)\n"
        "                if _is_mutable_container(v):",
    ),
    Change(
        "param/parameterized.py",
        "                dfactory = val.default_factory\n                if (\n",
        '                dfactory = object.__getattribute__(val, "default_factory")\n'
        "                if (\n",
    ),
    # isinstance with abstract classes is slow: test for the usual types first.
    Change(
        "param/_utils.py",
        "    return isinstance(value, MUTABLE_TYPES)\n",
        "    plain = (type(None), bool, int, float, str, tuple, type)\n"
        "    return type(value) not in plain and isinstance(value, MUTABLE_TYPES)\n",
    ),
)


def reduce_import_costs(contents: Mapping[str, bytes], log: Log) -> dict[str, bytes]:
    """Return the files of packages, by path, with all changes made that fit.

    Parameters
    ----------
    contents
        The files of the packages, by their paths in site-packages.
    log
        Takes a line for every change that does not fit.
    """
    changed = dict(contents)
    for change in CHANGES:
        text = changed.get(change.path, b"").decode()
        if text.count(change.old) == 1:
            changed[change.path] = text.replace(change.old, change.new).encode()
        else:
            log(
                f"Expected {change.old.strip().splitlines()[0]!r} once in {change.path}, found it "
                f"{text.count(change.old)} times: the module stays as it is, and the site will "
                "start a little later (dashboard/upstream/site_build/import_costs.py)"
            )
    return changed
