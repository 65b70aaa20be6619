import ByteKit
import ImageModel
import Registry
import TestKit
import Transport

extension RegistryConfiguration {
    /// A configuration for tests: no logins, and waits that do not wait.
    static func quick(_ time: ManualTime = ManualTime(), mirrors: [Mirror] = []) -> RegistryConfiguration {
        var configuration = RegistryConfiguration()
        configuration.retry = RetryPolicy(time: time.source)
        configuration.mirrors = mirrors
        return configuration
    }
}

/// A blob store of a test's own, removed with it.
struct StoreScene: ~Copyable {
    let store: BlobStore
    private let folder: TestFolder

    init() throws {
        let folder = try TestFolder()
        store = try BlobStore(folder.path + "/store")
        self.folder = folder
    }

    /// The folder that the store is in.
    var path: String { folder.path }
}

extension LoopbackServer {
    /// A reference to an image on this server.
    func reference(_ name: String = "a/b:latest") throws -> Reference {
        try Reference(parsing: "127.0.0.1:\(port)/\(name)")
    }

    /// The number of requests whose path holds `text`.
    func count(_ text: String) -> Int { requests.count { $0.path.contains(text) } }
}

let amd64 = Platform(os: "linux", architecture: "amd64")

/// Bytes that differ from place to place, so that a shift is noticed.
func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

/// Pulls a blob and keeps what was handed on.
func pull<Transport>(
    _ blob: Descriptor, _ reference: Reference, _ client: RegistryClient<Transport>, _ store: BlobStore
) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try unsafe client.pull(blob, from: reference, into: store) { unsafe bytes.append(contentsOf: $0) }
    return bytes
}
