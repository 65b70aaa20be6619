internal import CSupervisor

/// A value behind a lock that threads can wait on; the same in Embedded Swift, which has no `Mutex` with a condition.
@safe package final class Guarded<Value>: @unchecked Sendable {
    // Unchecked: `value` is touched only between lock and unlock of `monitor`.
    private var value: Value
    private let monitor: OpaquePointer

    package init(_ value: sending Value) {
        self.value = value
        // The C door aborts rather than give none.
        guard let monitor = unsafe csupervisor_monitor_make() else { preconditionFailure() }
        unsafe self.monitor = monitor
    }

    /// Runs `body` alone, then wakes those who wait.
    package func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        unsafe csupervisor_monitor_lock(monitor)
        defer {
            unsafe csupervisor_monitor_notify(monitor)
            unsafe csupervisor_monitor_unlock(monitor)
        }
        return body(&value)
    }

    /// Waits until `body` gives a result: it runs alone, again each time another thread has been inside.
    ///
    /// - Parameters:
    ///   - deadline: nanoseconds of the monotonic clock after which it gives up; nil for never.
    ///   - body: looks at the value, and may change it when it gives a result.
    /// - Returns: what `body` gave; nil after the deadline.
    package func wait<Result>(until deadline: Int64? = nil, _ body: (inout Value) -> Result?) -> Result? {
        unsafe csupervisor_monitor_lock(monitor)
        defer {
            unsafe csupervisor_monitor_notify(monitor)
            unsafe csupervisor_monitor_unlock(monitor)
        }
        while true {
            if let result = body(&value) { return result }
            if let deadline, csupervisor_monotonic_nanoseconds() >= deadline { return nil }
            unsafe csupervisor_monitor_wait(monitor, deadline ?? -1)
        }
    }

    deinit { unsafe csupervisor_monitor_free(monitor) }
}

/// A thread that runs a body once.
package enum BackgroundThread {
    private final class Start: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Starts a thread; false when the kernel has none to give.
    package static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        let start = unsafe Unmanaged.passRetained(Start(body))
        let failure = unsafe csupervisor_start_thread(
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, start.toOpaque())
        if failure != 0 { unsafe start.release() }
        return failure == 0
    }
}
