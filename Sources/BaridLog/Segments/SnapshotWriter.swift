internal import Dispatch
internal import Synchronization

/// Writes snapshots on a thread of its own, one at a time.
///
/// The log's owner begins one and asks later what became of it, so that neither the encoding of a
/// large state nor its sync holds up a commit.
final class SnapshotWriter: Sendable {
    /// Position and file size of a snapshot that is stored, or why it is not.
    typealias Outcome = Result<(position: UInt64, fileBytes: Int), FileError>

    private struct State {
        var isWorking = false
        var outcome: Outcome?
    }

    private let files: any LogFileSystem
    private let folder: String
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "barid.log.snapshots", qos: .utility)

    /// Creates a writer for a log's folder.
    init(files: any LogFileSystem, folder: String) {
        self.files = files
        self.folder = folder
    }

    /// Begins to write; does nothing while one is under way or its outcome was not taken.
    func begin(at position: UInt64, _ bytes: @escaping @Sendable () -> [UInt8]) {
        let begins = state.withLock { state in
            guard !state.isWorking, state.outcome == nil else { return false }
            state.isWorking = true
            return true
        }
        guard begins else { return }
        queue.async { [files, folder] in
            let outcome: Outcome
            do throws(FileError) {
                let size = try SnapshotStore.writeFile(
                    bytes(), at: position, files: files, folder: folder)
                outcome = .success((position, size))
            } catch {
                outcome = .failure(error)
            }
            self.state.withLock { state in
                state.isWorking = false
                state.outcome = outcome
            }
        }
    }

    /// What became of the one begun last, told once.
    func takeOutcome() -> Outcome? {
        state.withLock { state in
            defer { state.outcome = nil }
            return state.outcome
        }
    }

    /// Waits for the one that is under way.
    func waitUntilIdle() {
        queue.sync {}
    }
}
