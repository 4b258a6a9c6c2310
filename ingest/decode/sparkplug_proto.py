"""The protobuf message of Sparkplug B, described in Python so that no compiler is needed.

Fields and numbers are those of the specification's payload definition (Eclipse Sparkplug 3.0,
section 6.4); parts that carry no readings (data sets, templates, properties) are skipped by
protobuf as unknown fields.
"""

from typing import Any

from google.protobuf import (  # type: ignore[import-untyped]
    descriptor_pb2,
    descriptor_pool,
    message_factory,
)
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

_T = descriptor_pb2.FieldDescriptorProto
_METRIC = [
    ("name", 1, _T.TYPE_STRING),
    ("alias", 2, _T.TYPE_UINT64),
    ("timestamp", 3, _T.TYPE_UINT64),
    ("datatype", 4, _T.TYPE_UINT32),
    ("is_historical", 5, _T.TYPE_BOOL),
    ("is_null", 7, _T.TYPE_BOOL),
    ("int_value", 10, _T.TYPE_UINT32),
    ("long_value", 11, _T.TYPE_UINT64),
    ("float_value", 12, _T.TYPE_FLOAT),
    ("double_value", 13, _T.TYPE_DOUBLE),
    ("boolean_value", 14, _T.TYPE_BOOL),
    ("string_value", 15, _T.TYPE_STRING),
]


def _payload_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="civicmeter/sparkplug_b.proto", package="civicmeter.sparkplug", syntax="proto2"
    )
    metric = file.message_type.add(name="Metric")
    for name, number, kind in _METRIC:
        metric.field.add(name=name, number=number, type=kind, label=_T.LABEL_OPTIONAL)
    payload = file.message_type.add(name="Payload")
    for name, number in (("timestamp", 1), ("seq", 3)):
        payload.field.add(name=name, number=number, type=_T.TYPE_UINT64, label=_T.LABEL_OPTIONAL)
    payload.field.add(
        name="metrics",
        number=2,
        type=_T.TYPE_MESSAGE,
        label=_T.LABEL_REPEATED,
        type_name=".civicmeter.sparkplug.Metric",
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(
        pool.FindMessageTypeByName("civicmeter.sparkplug.Payload")
    )


Payload: Any = _payload_class()
"""The message class."""

__all__ = ["DecodeError", "Payload"]
