"""Lets Bokeh remember what it works out again for every model: the defaults of its class.

Half of the time in which a document is made, and more of that in which it is written out, went
into looking for the same defaults; this is what a page, in either form, waits for when it opens.
"""

from __future__ import annotations

from typing import Any

from bokeh.core.has_props import HasProps
from bokeh.core.property.descriptors import PropertyDescriptor
from bokeh.core.property.wrappers import PropertyValueDict, PropertyValueList, PropertyValueSet

PLAIN = (type(None), bool, int, float, str)
"""Kinds of defaults that no model can change."""
CONTAINERS = (PropertyValueDict, PropertyValueList, PropertyValueSet)
"""Kinds of defaults of which every model has its own, mostly empty ones."""

_bokehs_default = PropertyDescriptor._get_default
_bokehs_unstable = PropertyDescriptor.has_unstable_default
_bokehs_overrides: Any = HasProps.__dict__["_overridden_defaults"]


def quicken_models() -> None:
    """Have all models of this process remember the defaults of their classes; twice is once."""
    methods: list[tuple[type, str, Any]] = [
        (PropertyDescriptor, "_get_default", _get_default),
        (PropertyDescriptor, "has_unstable_default", _has_unstable_default),
        (HasProps, "themed_values", _themed_values),
        (HasProps, "_overridden_defaults", classmethod(_overridden_defaults)),
    ]
    for owner, name, method in methods:
        setattr(owner, name, method)


_defaults: dict[tuple[type[HasProps], str], Any] = {}
_containers: dict[tuple[type[HasProps], str], type[Any]] = {}
_unstable: dict[tuple[type[HasProps], str], bool] = {}
_overrides: dict[type[HasProps], dict[str, Any]] = {}


def _themed_values(model: HasProps) -> dict[str, Any] | None:
    """Return what a theme says of a model; Bokeh takes an exception to find that it is nothing."""
    return model.__dict__.get("__themed_values__")


def _get_default(descriptor: PropertyDescriptor[Any], model: HasProps) -> Any:
    """Return the default of a property; what models of no theme have is looked for once.

    That is a value that is the same for all, or an empty container of each model's own.
    """
    if model.themed_values() is not None:
        return _bokehs_default(descriptor, model)
    key, own = (type(model), descriptor.name), model._unstable_default_values
    if key in _defaults:
        return _defaults[key]
    if descriptor.name in own:
        return own[descriptor.name]
    if key in _containers:
        container = own[descriptor.name] = _containers[key]()
        container._register_owner(model, descriptor)
        return container
    default = _bokehs_default(descriptor, model)
    is_unstable = descriptor.has_unstable_default(model)
    if type(default) in PLAIN and not is_unstable:
        _defaults[key] = default
    elif (
        type(default) in CONTAINERS
        and is_unstable
        and not default
        and not _is_made_anew(descriptor, model)
    ):
        _containers[key] = type(default)
    return default


def _is_made_anew(descriptor: PropertyDescriptor[Any], model: HasProps) -> bool:
    """Tell whether a function makes the default, which may be another one each time."""
    default = model._overridden_defaults().get(descriptor.name, descriptor.property._default)
    return callable(default)


def _has_unstable_default(descriptor: PropertyDescriptor[Any], model: HasProps) -> bool:
    """Tell whether every model has a default of its own, which depends on its class alone."""
    key = (type(model), descriptor.name)
    found = _unstable.get(key)
    if found is None:
        found = _unstable[key] = _bokehs_unstable(descriptor, model)
    return found


def _overridden_defaults(kind: type[HasProps]) -> dict[str, Any]:
    """Return the defaults that a class has in place of those of its base classes."""
    found = _overrides.get(kind)
    if found is None:
        found = _overrides[kind] = _bokehs_overrides.__func__(kind)
    return found
