import ByteKit
import ImageModel
import Registry

/// Pulls images into a store and does nothing else with them: what pulling costs, for scripts/bench.
///
/// `pull STORE IMAGE…`, with mirrors from the environment.
@main
enum Pull {
    static func main() throws {
        let arguments = CommandLine.arguments
        precondition(arguments.count > 2, "usage: pull STORE IMAGE…")
        let store = try BlobStore(arguments[1])
        let client = RegistryClient(configuration: try .fromEnvironment())
        let platform = try Platform(parsing: "linux/amd64")
        for name in arguments[2...] {
            let origin = RegistryOrigin(try Reference(parsing: name), client: client, store: store)
            let image = try origin.resolve(platform, pinned: nil)
            // As builds do it: three layers at a time, and none that is there.
            let queue = Monitor(image.manifest.layers.filter { !origin.isAtHand($0) })
            let failure = Monitor<(any Error)?>(nil)
            let threads = try (0..<3).map { _ in
                try Thread {
                    while let layer = queue.withLock({ $0.popLast() }) {
                        do {
                            try unsafe origin.pull(layer) { _ in }
                        } catch {
                            failure.withLock { $0 = error }
                        }
                    }
                }
            }
            for thread in threads { thread.join() }
            if let error = failure.withLock({ $0 }) { throw error }
        }
    }
}
