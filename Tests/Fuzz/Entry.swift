// What libFuzzer calls; Scripts/fuzz compiles it together with one target, which it names `Chosen`.

/// Takes one input of the fuzzer.
@_cdecl("LLVMFuzzerTestOneInput")
public func takeInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    Chosen.take(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
