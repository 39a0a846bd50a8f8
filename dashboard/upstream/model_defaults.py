"""Bokeh models that look up the default values of their class once instead of for every model.

- **Changes**: `PropertyDescriptor._get_default`, `PropertyDescriptor.has_unstable_default`,
  `HasProps.themed_values` and `HasProps._overridden_defaults` (Bokeh 3.9).
- **Why**: a document of Inkling has some 1,500 models; each computes the defaults of all its
  properties again when it is made and when it is written out.
- **Measured**: a start of Python in the browser takes 9 % less processor time (3.0 s instead of
  3.3 s), a document of the served app 29 % less (0.12 s instead of 0.17 s).
- **Upstream**: no issue yet: "HasProps: cache stable and overridden defaults per class".
"""

from __future__ import annotations

from typing import Any

from bokeh.core.has_props import HasProps
from bokeh.core.property.descriptors import PropertyDescriptor
from bokeh.core.property.wrappers import PropertyValueDict, PropertyValueList, PropertyValueSet

from dashboard.upstream import is_applied

IMMUTABLE = (type(None), bool, int, float, str)
"""Types of defaults that all models can share."""
CONTAINERS = (PropertyValueDict, PropertyValueList, PropertyValueSet)
"""Types of defaults of which every model needs its own; they are cached when they are empty."""

_get_bokeh_default = PropertyDescriptor._get_default
_has_bokeh_unstable_default = PropertyDescriptor.has_unstable_default
_bokeh_overridden_defaults: Any = HasProps.__dict__["_overridden_defaults"]

_defaults: dict[tuple[type[HasProps], str], Any] = {}
_containers: dict[tuple[type[HasProps], str], type[Any]] = {}
_unstable: dict[tuple[type[HasProps], str], bool] = {}
_overridden: dict[type[HasProps], dict[str, Any]] = {}


def cache_model_defaults() -> None:
    """Apply the patch to all models of this process, unless it is turned off."""
    if not is_applied("model_defaults"):
        return
    methods: list[tuple[type, str, Any]] = [
        (PropertyDescriptor, "_get_default", _get_default),
        (PropertyDescriptor, "has_unstable_default", _has_unstable_default),
        (HasProps, "themed_values", _themed_values),
        (HasProps, "_overridden_defaults", classmethod(_overridden_defaults)),
    ]
    for owner, name, method in methods:
        setattr(owner, name, method)


def _themed_values(model: HasProps) -> dict[str, Any] | None:
    """Return a model's themed values; Bokeh raises and catches AttributeError if it has none."""
    return model.__dict__.get("__themed_values__")


def _get_default(descriptor: PropertyDescriptor[Any], model: HasProps) -> Any:
    """Return the default of a property; without a theme it depends on the model's class alone."""
    if model.themed_values() is not None:
        return _get_bokeh_default(descriptor, model)
    key, own = (type(model), descriptor.name), model._unstable_default_values
    if key in _defaults:
        return _defaults[key]
    if descriptor.name in own:
        return own[descriptor.name]
    if key in _containers:
        container = own[descriptor.name] = _containers[key]()
        container._register_owner(model, descriptor)
        return container
    default = _get_bokeh_default(descriptor, model)
    is_unstable = descriptor.has_unstable_default(model)
    if type(default) in IMMUTABLE and not is_unstable:
        _defaults[key] = default
    elif (
        type(default) in CONTAINERS
        and is_unstable
        and not default
        and not _is_made_by_function(descriptor, model)
    ):
        _containers[key] = type(default)
    return default


def _is_made_by_function(descriptor: PropertyDescriptor[Any], model: HasProps) -> bool:
    """Return whether a function makes the default, which may differ from call to call."""
    default = model._overridden_defaults().get(descriptor.name, descriptor.property._default)
    return callable(default)


def _has_unstable_default(descriptor: PropertyDescriptor[Any], model: HasProps) -> bool:
    """Return whether every model has a default of its own; this depends on its class alone."""
    key = (type(model), descriptor.name)
    found = _unstable.get(key)
    if found is None:
        found = _unstable[key] = _has_bokeh_unstable_default(descriptor, model)
    return found


def _overridden_defaults(kind: type[HasProps]) -> dict[str, Any]:
    """Return the defaults that a class has in place of those of its base classes."""
    found = _overridden.get(kind)
    if found is None:
        found = _overridden[kind] = _bokeh_overridden_defaults.__func__(kind)
    return found
