"""A service with all four call kinds, made without protoc."""

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.wrappers_pb2 import StringValue

TEXT = "." + StringValue.DESCRIPTOR.full_name

_file = descriptor_pb2.FileDescriptorProto(
    name="test/barid/v1/echo.proto",
    package="test.barid.v1",
    dependency=["google/protobuf/wrappers.proto"],
    syntax="proto3",
)
_service = _file.service.add(name="Echo")
for _name, _requests, _responses in (
    ("Say", False, False),
    ("Collect", True, False),
    ("Repeat", False, True),
    ("Chat", True, True),
    ("SayAsync", False, False),
    ("ChatAsync", True, True),
):
    _method = _service.method.add(
        name=_name,
        input_type=TEXT,
        output_type=TEXT,
        client_streaming=_requests,
        server_streaming=_responses,
    )
    if _name == "Say":
        _method.options.idempotency_level = descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS

descriptor_pool.Default().Add(_file)
ECHO = descriptor_pool.Default().FindServiceByName("test.barid.v1.Echo")
