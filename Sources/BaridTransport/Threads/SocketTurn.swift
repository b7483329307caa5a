internal import Glibc
internal import Synchronization

/// Who may use a socket, and all that belongs to its thread: the thread whenever it is awake, and while
/// it sleeps whoever has something small to send.
///
/// Handing an order to a thread that sleeps costs both sides a system call and the order some 20 us;
/// a message that is alone leaves sooner, and for less, from the thread that made it. libzmq's sockets
/// may go from thread to thread with a full fence in between (zmq_socket(3)), which a mutex is.
///
/// Only listeners use it. At the other end a message is mostly not alone, and a batch gathers while the
/// thread wakes: with 256 publishers that sent for themselves, a third fewer events came through.
///
/// Unchecked, because `work` is touched only by who has the turn.
final class SocketTurn: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let owner = Atomic<UInt>(0)
    private var work: (() -> Bool)?

    init() {
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Whether the calling thread has the turn.
    var isMine: Bool { owner.load(ordering: .relaxed) == pthread_self() }

    /// Takes the turn for the socket's thread, which keeps it but for ``sleep(_:)``.
    ///
    /// - Parameter work: Sends what was ordered; called on any thread that has the turn while this one
    ///   sleeps. It returns whether this one has to look for itself.
    func begin(work: @escaping () -> Bool) {
        lock()
        self.work = work
    }

    /// Gives the turn back for good.
    func end() {
        work = nil
        unlock()
    }

    /// Leaves the turn to others while `body` waits.
    func sleep(_ body: () -> Int32) -> Int32 {
        unlock()
        defer { lock() }
        return body()
    }

    /// Does the thread's work, if it sleeps and nobody else does.
    ///
    /// - Returns: Whether the thread need not be woken.
    func take() -> Bool {
        guard pthread_mutex_trylock(mutex) == 0 else { return false }
        owner.store(pthread_self(), ordering: .relaxed)
        defer { unlock() }
        guard let work else { return false }
        return !work()
    }

    private func lock() {
        pthread_mutex_lock(mutex)
        owner.store(pthread_self(), ordering: .relaxed)
    }

    private func unlock() {
        owner.store(0, ordering: .relaxed)
        pthread_mutex_unlock(mutex)
    }
}
