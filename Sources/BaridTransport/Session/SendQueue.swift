/// What waits to be sent on one stream, first in, first out.
struct SendQueue {
    enum Item {
        /// A frame that needs no credit: open, headers, half-close, status.
        case frame(FrameKind, [UInt8])
        /// A gRPC message of ours, cut into fragments as credit and room allow.
        case message([UInt8], exempt: Bool)
        /// A message frame of another session, passed on as it came.
        case forwarded([UInt8], FrameHeader.Flags)
    }

    private var items: [Item] = []
    private var head = 0

    /// How much of the first item, if it is a message, has left already.
    var offset = 0

    var first: Item? { head < items.count ? items[head] : nil }

    mutating func append(_ item: Item) {
        items.append(item)
    }

    mutating func removeFirst() {
        offset = 0
        items[head] = .frame(.ping, [])  // Lets go of the bytes.
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 64, head * 2 >= items.count {
            items.removeSubrange(..<head)
            head = 0
        }
    }

    /// Drops everything and says how many bytes that was, counted as `Session.Sent` counts them.
    mutating func removeAll() -> Int {
        var bytes = 0
        for item in items[head...] {
            switch item {
            case .frame: break
            case .message(let message, _): bytes += message.count
            case .forwarded(let body, let flags):
                bytes += flags.contains(.exempt) ? 0 : body.count + FrameHeader.size
            }
        }
        if case .message = first { bytes -= offset }
        items = []
        head = 0
        offset = 0
        return bytes
    }
}
