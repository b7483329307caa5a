internal import BaridEngine
internal import BaridLog
internal import SimulatedDisk

/// A fault planted in the broker, through the seams around it; this one plants none.
///
/// The simulation has to notice each within a bounded number of seeds.
class Mutant {
    /// What is broken, in a few words.
    var name: String { "none" }
    /// The checks of which one has to notice.
    var noticedBy: Set<String> { [] }
    /// Whether the broker's state is still that of its log, so that comparing them says nothing
    /// new about the mutant.
    var keepsState: Bool { true }
    /// Changes what a run is made of.
    func adjust(_ plan: inout RunPlan) {}
    /// The file system the log gets.
    func fileSystem(_ disk: FaultyDisk) -> any LogFileSystem { disk }
    /// The log the core gets.
    func log(_ log: SegmentedLog) -> WrappedLog { WrappedLog(log) }
    /// The time the core gets.
    func instant(_ instant: Instant) -> Instant { instant }
    /// A message the core sends.
    func outgoing(_ message: [UInt8], on link: Link) { link.toClient(message) }
    /// An event the core gets.
    func published(_ event: SimulatedEvent) -> ArraySlice<UInt8> { event.bytes }
    /// Settlements the core gets.
    func settling(_ request: SettleRequest, of worker: Worker, on link: Link) -> SettleRequest {
        request
    }
}
