from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor
DURABILITY_FSYNC: Durability
DURABILITY_INTERVAL: Durability
DURABILITY_MEMORY: Durability
DURABILITY_UNSPECIFIED: Durability

class Ack(_message.Message):
    __slots__ = ["outputs"]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    outputs: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, outputs: _Optional[_Iterable[bytes]] = ...) -> None: ...

class AckRange(_message.Message):
    __slots__ = ["attempt", "count", "first_sequence", "turn"]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    TURN_FIELD_NUMBER: _ClassVar[int]
    attempt: int
    count: int
    first_sequence: int
    turn: int
    def __init__(self, first_sequence: _Optional[int] = ..., count: _Optional[int] = ..., attempt: _Optional[int] = ..., turn: _Optional[int] = ...) -> None: ...

class AttributeFilter(_message.Message):
    __slots__ = ["name", "values"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    name: str
    values: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., values: _Optional[_Iterable[str]] = ...) -> None: ...

class BusError(_message.Message):
    __slots__ = ["code", "message", "reason", "retry_after_ms"]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    code: int
    message: str
    reason: str
    retry_after_ms: int
    def __init__(self, code: _Optional[int] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ..., retry_after_ms: _Optional[int] = ...) -> None: ...

class Extend(_message.Message):
    __slots__ = ["lease_ms"]
    LEASE_MS_FIELD_NUMBER: _ClassVar[int]
    lease_ms: int
    def __init__(self, lease_ms: _Optional[int] = ...) -> None: ...

class Nack(_message.Message):
    __slots__ = ["delay_ms", "error"]
    DELAY_MS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    delay_ms: int
    error: BusError
    def __init__(self, delay_ms: _Optional[int] = ..., error: _Optional[_Union[BusError, _Mapping]] = ...) -> None: ...

class PublishRequest(_message.Message):
    __slots__ = ["events", "topic"]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedScalarFieldContainer[bytes]
    topic: str
    def __init__(self, topic: _Optional[str] = ..., events: _Optional[_Iterable[bytes]] = ...) -> None: ...

class PublishResponse(_message.Message):
    __slots__ = ["durability", "receipts"]
    DURABILITY_FIELD_NUMBER: _ClassVar[int]
    RECEIPTS_FIELD_NUMBER: _ClassVar[int]
    durability: Durability
    receipts: _containers.RepeatedCompositeFieldContainer[ReceiptRange]
    def __init__(self, receipts: _Optional[_Iterable[_Union[ReceiptRange, _Mapping]]] = ..., durability: _Optional[_Union[Durability, str]] = ...) -> None: ...

class ReadRequest(_message.Message):
    __slots__ = ["follow", "maximum_events", "start", "subjects", "topic", "types"]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_EVENTS_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    TYPES_FIELD_NUMBER: _ClassVar[int]
    follow: bool
    maximum_events: int
    start: Start
    subjects: _containers.RepeatedScalarFieldContainer[str]
    topic: str
    types: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, topic: _Optional[str] = ..., start: _Optional[_Union[Start, _Mapping]] = ..., types: _Optional[_Iterable[str]] = ..., subjects: _Optional[_Iterable[str]] = ..., follow: bool = ..., maximum_events: _Optional[int] = ...) -> None: ...

class ReadResponse(_message.Message):
    __slots__ = ["caught_up", "events", "next_sequence", "sequences", "stored_ns"]
    CAUGHT_UP_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    STORED_NS_FIELD_NUMBER: _ClassVar[int]
    caught_up: bool
    events: _containers.RepeatedScalarFieldContainer[bytes]
    next_sequence: int
    sequences: _containers.RepeatedScalarFieldContainer[int]
    stored_ns: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, events: _Optional[_Iterable[bytes]] = ..., sequences: _Optional[_Iterable[int]] = ..., stored_ns: _Optional[_Iterable[int]] = ..., next_sequence: _Optional[int] = ..., caught_up: bool = ...) -> None: ...

class ReceiptRange(_message.Message):
    __slots__ = ["count", "duplicate", "error", "first_sequence"]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    count: int
    duplicate: bool
    error: BusError
    first_sequence: int
    def __init__(self, count: _Optional[int] = ..., first_sequence: _Optional[int] = ..., duplicate: bool = ..., error: _Optional[_Union[BusError, _Mapping]] = ...) -> None: ...

class Reject(_message.Message):
    __slots__ = ["error"]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    error: BusError
    def __init__(self, error: _Optional[_Union[BusError, _Mapping]] = ...) -> None: ...

class Release(_message.Message):
    __slots__ = ["error", "pause_ms"]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    PAUSE_MS_FIELD_NUMBER: _ClassVar[int]
    error: BusError
    pause_ms: int
    def __init__(self, pause_ms: _Optional[int] = ..., error: _Optional[_Union[BusError, _Mapping]] = ...) -> None: ...

class SettleError(_message.Message):
    __slots__ = ["attempt", "error", "sequence", "turn"]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    TURN_FIELD_NUMBER: _ClassVar[int]
    attempt: int
    error: BusError
    sequence: int
    turn: int
    def __init__(self, sequence: _Optional[int] = ..., attempt: _Optional[int] = ..., error: _Optional[_Union[BusError, _Mapping]] = ..., turn: _Optional[int] = ...) -> None: ...

class Settlement(_message.Message):
    __slots__ = ["ack", "attempt", "extend", "nack", "reject", "release", "sequence", "turn"]
    ACK_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    EXTEND_FIELD_NUMBER: _ClassVar[int]
    NACK_FIELD_NUMBER: _ClassVar[int]
    REJECT_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    TURN_FIELD_NUMBER: _ClassVar[int]
    ack: Ack
    attempt: int
    extend: Extend
    nack: Nack
    reject: Reject
    release: Release
    sequence: int
    turn: int
    def __init__(self, sequence: _Optional[int] = ..., attempt: _Optional[int] = ..., turn: _Optional[int] = ..., ack: _Optional[_Union[Ack, _Mapping]] = ..., nack: _Optional[_Union[Nack, _Mapping]] = ..., reject: _Optional[_Union[Reject, _Mapping]] = ..., extend: _Optional[_Union[Extend, _Mapping]] = ..., release: _Optional[_Union[Release, _Mapping]] = ...) -> None: ...

class Start(_message.Message):
    __slots__ = ["at", "sequence", "time"]
    class At(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = []
    AT_FIELD_NUMBER: _ClassVar[int]
    AT_FIRST: Start.At
    AT_LAST: Start.At
    AT_NEW: Start.At
    AT_SEQUENCE: Start.At
    AT_TIME: Start.At
    AT_UNSPECIFIED: Start.At
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    at: Start.At
    sequence: int
    time: _timestamp_pb2.Timestamp
    def __init__(self, at: _Optional[_Union[Start.At, str]] = ..., sequence: _Optional[int] = ..., time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Started(_message.Message):
    __slots__ = ["attributes", "epoch", "group", "lease_ms", "maximum_deliveries", "types"]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    LEASE_MS_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    TYPES_FIELD_NUMBER: _ClassVar[int]
    attributes: _containers.RepeatedCompositeFieldContainer[AttributeFilter]
    epoch: int
    group: str
    lease_ms: int
    maximum_deliveries: int
    types: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, epoch: _Optional[int] = ..., group: _Optional[str] = ..., lease_ms: _Optional[int] = ..., maximum_deliveries: _Optional[int] = ..., types: _Optional[_Iterable[str]] = ..., attributes: _Optional[_Iterable[_Union[AttributeFilter, _Mapping]]] = ...) -> None: ...

class SubscribeRequest(_message.Message):
    __slots__ = ["acks", "credit", "credit_bytes", "settle_number", "settlements", "subscription"]
    ACKS_FIELD_NUMBER: _ClassVar[int]
    CREDIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    SETTLEMENTS_FIELD_NUMBER: _ClassVar[int]
    SETTLE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    acks: _containers.RepeatedCompositeFieldContainer[AckRange]
    credit: int
    credit_bytes: int
    settle_number: int
    settlements: _containers.RepeatedCompositeFieldContainer[Settlement]
    subscription: Subscription
    def __init__(self, subscription: _Optional[_Union[Subscription, _Mapping]] = ..., credit: _Optional[int] = ..., credit_bytes: _Optional[int] = ..., acks: _Optional[_Iterable[_Union[AckRange, _Mapping]]] = ..., settlements: _Optional[_Iterable[_Union[Settlement, _Mapping]]] = ..., settle_number: _Optional[int] = ...) -> None: ...

class SubscribeResponse(_message.Message):
    __slots__ = ["attempts", "draining", "errors", "events", "replays", "sequences", "settled", "started", "turns"]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    REPLAYS_FIELD_NUMBER: _ClassVar[int]
    SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    SETTLED_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    TURNS_FIELD_NUMBER: _ClassVar[int]
    attempts: _containers.RepeatedScalarFieldContainer[int]
    draining: bool
    errors: _containers.RepeatedCompositeFieldContainer[SettleError]
    events: _containers.RepeatedScalarFieldContainer[bytes]
    replays: _containers.RepeatedScalarFieldContainer[int]
    sequences: _containers.RepeatedScalarFieldContainer[int]
    settled: int
    started: Started
    turns: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, started: _Optional[_Union[Started, _Mapping]] = ..., events: _Optional[_Iterable[bytes]] = ..., sequences: _Optional[_Iterable[int]] = ..., attempts: _Optional[_Iterable[int]] = ..., replays: _Optional[_Iterable[int]] = ..., errors: _Optional[_Iterable[_Union[SettleError, _Mapping]]] = ..., settled: _Optional[int] = ..., draining: bool = ..., turns: _Optional[_Iterable[int]] = ...) -> None: ...

class Subscription(_message.Message):
    __slots__ = ["attributes", "group", "lease_ms", "maximum_deliveries", "start", "topic", "turns", "types", "worker"]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    LEASE_MS_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    TURNS_FIELD_NUMBER: _ClassVar[int]
    TYPES_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    attributes: _containers.RepeatedCompositeFieldContainer[AttributeFilter]
    group: str
    lease_ms: int
    maximum_deliveries: int
    start: Start
    topic: str
    turns: bool
    types: _containers.RepeatedScalarFieldContainer[str]
    worker: str
    def __init__(self, topic: _Optional[str] = ..., group: _Optional[str] = ..., types: _Optional[_Iterable[str]] = ..., start: _Optional[_Union[Start, _Mapping]] = ..., lease_ms: _Optional[int] = ..., maximum_deliveries: _Optional[int] = ..., worker: _Optional[str] = ..., attributes: _Optional[_Iterable[_Union[AttributeFilter, _Mapping]]] = ..., turns: bool = ...) -> None: ...

class Durability(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []
