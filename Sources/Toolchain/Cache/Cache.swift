internal import ByteKit
internal import Glibc
internal import LayerFS
internal import Registry

/// Where things are kept between builds: blobs as registries serve them, and compiled layers.
///
/// Everything in it can be made again, and everything read from it is checked: it may be shared by any number of
/// builds, and removed at any time. While this value lives, `cache gc` waits.
struct Cache {
    let root: String
    let blobs: BlobStore
    private let objects: String
    private let lock: CacheLock?

    /// The version of layer objects, which is the name of their folder.
    static let objectVersion = "v3"

    init(_ root: String) throws {
        self.root = root
        blobs = try BlobStore(root)
        objects = "\(root)/objects/\(Self.objectVersion)"
        try Folder.create(objects)
        lock = CacheLock(root, isExclusive: false)
    }

    /// Where the object of a layer stands, or would.
    func objectPath(_ layer: Digest, _ settings: BlockSettings) -> String {
        "\(objects)/\(layer.hex)-\(settings.name).layer"
    }

    /// Notes that an object was of use.
    static func touch(_ path: String) {
        _ = unsafe utimensat(AT_FDCWD, path, nil, 0)
    }
}

/// A hold on a cache: any number of builds share it, and who cleans it up has it alone. It goes with its process.
final class CacheLock: Sendable {
    private let descriptor: Int32

    /// Nil where the file system has no locks, or the cache cannot be opened.
    ///
    /// - Parameter waits: called once when somebody else has a hold; then this waits for them.
    init?(_ root: String, isExclusive: Bool, waits: () -> Void = {}) {
        descriptor = unsafe open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        let operation = isExclusive ? LOCK_EX : LOCK_SH
        var hasWaited = false
        while flock(descriptor, operation | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR, !Cancellation.isRequested else {
                close(descriptor)
                return nil
            }
            if !hasWaited { waits() }
            hasWaited = true
            usleep(50_000)
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}
