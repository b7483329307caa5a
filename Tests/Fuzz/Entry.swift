// What libFuzzer calls; Scripts/fuzz compiles it together with some targets and their list.

import Foundation

/// The target that `BARID_FUZZ_TARGET` names: a run is of one.
private let chosen: any FuzzTarget.Type = {
    let name = ProcessInfo.processInfo.environment["BARID_FUZZ_TARGET"]
    guard let target = fuzzTargets.first(where: { $0.name == name }) else {
        fatalError("BARID_FUZZ_TARGET names none of \(fuzzTargets.map { $0.name })")
    }
    return target
}()

/// Takes one input of the fuzzer.
@_cdecl("LLVMFuzzerTestOneInput")
public func takeInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    chosen.take(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
