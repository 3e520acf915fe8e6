"""How serializers are described beyond what their fields say."""

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiExample, PolymorphicProxySerializer, extend_schema_serializer
from rest_framework import serializers

C = TypeVar("C", bound=type[serializers.Serializer[Any]])


def example(value: Any) -> Callable[[C], C]:
    """Returns the decorator that gives a serializer its example."""
    return extend_schema_serializer(examples=[OpenApiExample("Example", value=value)])


def one_of(name: str, *shapes: Any) -> Any:
    """Returns the description of an answer that has one of several shapes, named among the components."""
    return PolymorphicProxySerializer(
        component_name=name, serializers=list(shapes), resource_type_field_name=None, many=False
    )
