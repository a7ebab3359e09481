"""What a setting may be, in words that a user knows: from its type, for the help and for what is said of a fault."""

from typing import Any

from msgspec import inspect

from stages.settings import LARGEST


def allowed(kind: Any) -> str:
    """The values of a type, as what somebody "wants": "a number above 0"."""
    return _allowed(inspect.type_info(kind))


def placeholder(kind: Any) -> str:
    """What stands for the value behind an option."""
    return _placeholder(inspect.type_info(kind))


def _allowed(kind: inspect.Type) -> str:
    match kind:
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType() | inspect.FloatType():
            return f"a {'whole ' if isinstance(kind, inspect.IntType) else ''}number{_range(kind)}"
        case inspect.LiteralType(values=values):
            return " or ".join(filter(None, (", ".join(map(str, values[:-1])), str(values[-1]))))
        case inspect.UnionType(types=types):
            return ", or ".join(_allowed(each) for each in types if not isinstance(each, inspect.NoneType))
        case inspect.VarTupleType(item_type=item):
            return f"one or more values, each {_allowed(item)}"
        case inspect.TupleType(item_types=items):
            return f"{len(items)} values, each {_allowed(items[0])}"
        case inspect.DictType(value_type=value):
            return f"a table, each entry {_allowed(value)}"
        case inspect.StructType():
            return "a table"
        case _:
            return "text"


def _range(number: inspect.IntType | inspect.FloatType) -> str:
    highest = number.le if number.le is not None and number.le < LARGEST else None
    if number.ge is not None:
        return f" from {number.ge:g} to {highest:g}" if highest is not None else f" of {number.ge:g} or more"
    lowest = f" above {number.gt:g}" if number.gt is not None else ""
    return lowest + (f"{' and' if lowest else ' of'} at most {highest:g}" if highest is not None else "")


def _placeholder(kind: inspect.Type) -> str:
    match kind:
        case inspect.IntType() | inspect.FloatType():
            return "NUMBER"
        case inspect.LiteralType(values=values):
            return "|".join(map(str, values))
        case inspect.UnionType(types=types):
            return "|".join(_placeholder(each) for each in types if not isinstance(each, inspect.NoneType))
        case inspect.VarTupleType(item_type=item) | inspect.TupleType(item_types=[item, *_]):
            return _placeholder(item)
        case inspect.CustomType():
            return "PATH"
        case _:
            return "NAME"
