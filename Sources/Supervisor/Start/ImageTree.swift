#if !hasFeature(Embedded)
    internal import SquashFS
#endif

/// How far the image's tree is: all that handles events asks it.
final class ImageTree: Sendable {
    private enum State: Sendable {
        case absent
        /// All of it is there, and who opens a file whose bytes are not is kept waiting for them.
        case usable
        case whole
        /// Something has gone wrong: what, is said when all is cleared away.
        case failing
        case failed(Failure)
    }

    private let state = Guarded<State>(.absent)

    /// Puts the tree in place, in a thread of its own where there is one to be had. Where none is named, it is there.
    func install(_ installer: ArtifactInstaller?) {
        guard let installer else {
            state.withLock { $0 = .whole }
            return
        }
        state.withLock { $0 = .absent }
        let state = state
        let install: @Sendable () -> Void = {
            do throws(Failure) {
                try installer.install {
                    state.withLock { state in
                        if case .absent = state { state = .usable }
                    }
                } whenFailing: {
                    state.withLock { $0 = .failing }
                }
                state.withLock { $0 = .whole }
            } catch {
                state.withLock { $0 = .failed(error) }
            }
            SquashUnpacker.releaseMemory()
        }
        if !BackgroundThread.start(install) { install() }
    }

    /// Waits until the tree can be used: false when the time given has passed before.
    func wait(until deadline: Int64?) throws(Failure) -> Bool {
        let answer = state.wait(until: deadline) { state -> Failure?? in
            switch state {
            case .absent, .failing: return nil
            case .usable, .whole: return .some(nil)
            case .failed(let failure): return .some(failure)
            }
        }
        if let failure = answer ?? nil { throw failure }
        return answer != nil
    }

    /// What went wrong with a tree that was used: what the program made of it is worth nothing.
    func check() throws(Failure) {
        let failure = state.wait(until: nil) { state -> Failure?? in
            switch state {
            case .failing: return nil
            case .failed(let failure): return .some(failure)
            case .absent, .usable, .whole: return .some(nil)
            }
        }
        if let failure = failure ?? nil { throw failure }
    }
}
