"""Settings as frozen dataclasses: a field has its default, type, bounds or choices, and its help.

    @dataclass(frozen=True, kw_only=True)
    class Sampling:
        count: int = setting(16, "shapes", at_least=1)

`read_settings` checks plain values (of a YAML file, of the command line) and makes the dataclass of
them; `plain_settings` is the way back.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, field, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
Which = Callable[[Mapping[str, Any]], type]
LARGEST = 1e308  # of a number: above it, and where there is none, comparing says no
LARGEST_SEED = 2**32 - 1  # that NumPy takes
REQUIRED = "???"  # what OmegaConf writes for a value that must be given


def setting(
    default: Any = MISSING,
    help: str = "",
    *,
    at_least: int | float | None = None,
    at_most: int | float | None = None,
    choices: tuple[Any, ...] = (),
    run_folder: bool = False,
    advanced: bool = False,
    listed: bool = False,
    by_name: bool = False,
) -> Any:
    """A field with its help, bounds (ends included) or choices; without a default it must be given.

    `run_folder`: it names a run. `advanced`: no experiment and no script sets it. `listed`: a word
    that may be several with commas. `by_name`: a group whose names are the run's (runs/typed.py).
    """
    metadata = {"help": help, "at_least": at_least, "at_most": at_most, "choices": choices}
    how = {"run_folder": run_folder, "advanced": advanced, "listed": listed, "by_name": by_name}
    return field(default=default, metadata={**metadata, **how})


def settings_group(default: Any, *, flat: bool = False, which: Which | None = None) -> Any:
    """A field that is itself a dataclass of settings.

    `flat`: its settings stand beside this one's under their own names. `which` tells the class by
    the other values, where there are several.
    """
    return field(default=default, metadata={"flat": flat, "which": which})


# ---- from plain values to dataclasses and back ---------------------------------------------


def read_settings(kind: type[T], values: Mapping[str, Any], *, prefix: str = "") -> T:
    """The dataclass `kind` by its plain values; what they leave out has its default.

    Errors (`ValueError`): a name that there is not, a value of another type, out of bounds or not
    among the choices, a value that must be given.
    """
    rest, types, arguments = dict(values), get_type_hints(kind), {}
    for about in fields(kind):  # type: ignore[arg-type]
        name, which = about.name, about.metadata.get("which")
        if which and not isinstance(rest.get(name, {}), Mapping):
            raise no_group(f"{prefix}{name}", rest[name])
        inner = which(values) if which and name in rest else types[name]
        if about.metadata.get("flat"):
            inside = {key: rest.pop(key) for key in setting_names(inner) if key in rest}
            arguments[name] = read_settings(inner, inside, prefix=prefix)
        elif name in rest:
            arguments[name] = read_value(f"{prefix}{name}", rest.pop(name), inner, about)
        elif about.default is MISSING:
            raise ValueError(f"{prefix}{name} is not set: give it as {prefix}{name}=...")
    if rest:
        names = ", ".join(f"{prefix}{name}" for name in list(rest)[:3])
        names += f" and {len(rest) - 3} more" if len(rest) > 3 else ""
        raise ValueError(f"there is no setting {names}: leave it out.")
    return kind(**arguments)


def read_value(name: str, value: Any, kind: Any, about: "Field[Any]") -> Any:
    """One value, checked and in the type of its field."""
    if value is None and NoneType in get_args(kind):
        return None
    if value is None:
        raise ValueError(f"{name}=null says nothing: give it as {name}=...")
    inner = group_of(kind)
    if inner is not None:
        if not isinstance(value, Mapping):
            raise no_group(name, value)
        return read_settings(inner, value, prefix=f"{name}.")
    wanted = kind_wanted(value, kind)
    if wanted and about.metadata.get("by_name") and not isinstance(value, Mapping):
        raise no_group(name, value, "name")
    if wanted:
        default = example(about, kind)
        raise ValueError(f"{name}={value} is no {wanted}: give one, such as {default}.")
    value = converted(value, kind)
    check_bounds(name, value, about)
    return value


def no_group(name: str, value: Any, inside: str = "setting") -> ValueError:
    """The refusal of a single value where a group of settings is wanted."""
    return ValueError(f"{name}={value} is no group of settings: give {name}.<{inside}>=...")


def check_bounds(name: str, value: Any, about: "Field[Any]") -> None:
    """Refuse a number out of its bounds and a word that is no choice (`ValueError`)."""
    low, high = about.metadata.get("at_least"), about.metadata.get("at_most")
    for number in value if isinstance(value, tuple) else (value,):
        if low is not None and number < low:
            raise ValueError(f"{name}={shown(value)} is too small: give {low:g} or more.")
        if high is not None and number > high:
            raise ValueError(f"{name}={shown(value)} is too large: give {high:.10g} or less.")
    choices = about.metadata.get("choices")
    if choices:
        check_choice(name, str(value), tuple(map(str, choices)))


def check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    """Refuse a word that is none of the known ones (`ValueError`)."""
    if value not in known:
        raise ValueError(f"{name}={value} is not known: choose one of {', '.join(known)}.")


def members(kind: Any) -> tuple[Any, ...]:
    """The types of a union without None; the type itself where it is none."""
    if get_origin(kind) in (Union, UnionType):
        return tuple(member for member in get_args(kind) if member is not NoneType)
    return (kind,)


def group_of(kind: Any) -> type | None:
    """The dataclass of a group's type; None where it is no group."""
    first: type = members(kind)[0]
    return first if is_dataclass(first) else None


def kind_wanted(value: Any, kind: Any) -> str:
    """What a value should have been, in words; empty where its type is right."""
    kinds = members(kind)
    if len(kinds) > 1:
        return "" if any(not kind_wanted(value, member) for member in kinds) else "word"
    (kind,) = kinds
    number = isinstance(value, int | float) and not isinstance(value, bool)
    number = number and abs(value) <= LARGEST
    if kind is bool:
        return "" if isinstance(value, bool) else "true or false"
    if kind is int:
        return "" if number and isinstance(value, int) else "whole number"
    if kind is float:
        return "" if number else "number"
    if get_origin(kind) is tuple:
        item, *more = get_args(kind)
        right = isinstance(value, list | tuple) and not any(kind_wanted(v, item) for v in value)
        if not right:
            return "list of whole numbers" if item is int else "list of numbers"
        pair = more and more[0] is not Ellipsis and len(value) != 1 + len(more)
        return "range" if pair else ""
    if get_origin(kind) is dict:
        item = get_args(kind)[1]
        right = isinstance(value, Mapping) and not any(kind_wanted(v, item) for v in value.values())
        return "" if right else "group of numbers" + (" or words" if item is not float else "")
    return "" if isinstance(value, str | int | float) and not isinstance(value, bool) else "word"


def converted(value: Any, kind: Any) -> Any:
    """A value of the right type as the dataclass keeps it."""
    kinds = members(kind)
    if len(kinds) > 1:
        return value
    (kind,) = kinds
    if get_origin(kind) is tuple:
        return tuple(converted(item, get_args(kind)[0]) for item in value)
    if get_origin(kind) is dict:
        return {str(key): converted(item, get_args(kind)[1]) for key, item in value.items()}
    return kind(value) if kind in (float, str) else value


def example(about: "Field[Any]", kind: Any) -> str:
    """A value that would do, for an error's sentence."""
    if about.default not in (MISSING, None):
        return str(shown(about.default))
    first = members(kind)[0]
    if get_origin(first) is tuple:
        return "[10, 4]"
    if get_origin(first) is dict:
        return "{a: 0.5}"
    return str({int: "1", float: "0.5"}.get(first, "a word"))


def shown(value: Any) -> Any:
    """A value as it is written on the command line and on disk."""
    return [shown(item) for item in value] if isinstance(value, tuple) else value


def plain_settings(settings: Any) -> dict[str, Any]:
    """The plain values of a dataclass, flat groups beside the rest."""
    plain: dict[str, Any] = {}
    for about in fields(settings):
        value = getattr(settings, about.name)
        if about.metadata.get("flat"):
            plain |= plain_settings(value)
        elif is_dataclass(value):
            plain[about.name] = plain_settings(value)
        elif "flat" not in about.metadata:  # a group that is None is left out
            plain[about.name] = shown(value)
    return plain


# ---- what there is -------------------------------------------------------------------------


def defaults_of(kind: type) -> dict[str, Any]:
    """The plain defaults, "???" where a value must be given; groups of several kinds left out."""
    plain: dict[str, Any] = {}
    types = get_type_hints(kind)
    for about in fields(kind):
        if about.metadata.get("which"):
            continue
        inner = group_of(types[about.name])
        if inner is not None:
            more = defaults_of(inner)
            plain |= more if about.metadata["flat"] else {about.name: more}
        else:
            plain[about.name] = REQUIRED if about.default is MISSING else shown(about.default)
    return plain


def setting_names(kind: Any) -> list[str]:
    """The names at the top of a dataclass, those of flat groups among them."""
    return [about.name for _, about in every_setting(kind) if "." not in about.name]


def every_setting(kind: Any, prefix: str = "") -> Iterator[tuple[str, "Field[Any]"]]:
    """Every setting of a dataclass by its dotted name; groups of several kinds left out."""
    types = get_type_hints(kind)
    for about in fields(kind):
        if about.metadata.get("which"):
            continue
        inner = group_of(types[about.name])
        if inner is not None:
            flat = about.metadata["flat"]
            yield from every_setting(inner, prefix if flat else f"{prefix}{about.name}.")
        else:
            yield f"{prefix}{about.name}", about


def flatten(node: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by their dotted names, the inner nodes among them."""
    flat: dict[str, Any] = {}
    for key, value in node.items():
        flat[f"{prefix}{key}"] = value
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
    return flat
