#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// A place that objects are fetched from and stored in.
package enum Storage: Sendable {
    /// A folder of this machine that plays one.
    case folder(LocalStorage)
    /// Amazon S3, or a server that speaks its protocol.
    case s3(S3Storage)

    /// Copies an object into a file that has just been made; how many bytes it has.
    ///
    /// - Parameters:
    ///   - bucket: the object's bucket.
    ///   - key: its key there.
    ///   - file: where it goes.
    ///   - deadline: when it must be over, in nanoseconds of the monotonic clock.
    func fetch(
        _ bucket: [UInt8], _ key: [UInt8], to file: borrowing OpenFile, until deadline: Int64
    ) throws(Failure) -> Int {
        switch self {
        case .folder(let folder): try folder.fetch(bucket, key, to: file)
        case .s3(let server): try server.fetch(bucket, key, to: file, until: deadline)
        }
    }

    /// Writes a file as an object, which appears whole or not at all; how many bytes it has.
    func store(
        _ file: borrowing OpenFile, _ bucket: [UInt8], _ key: [UInt8], until deadline: Int64
    ) throws(Failure) -> Int {
        switch self {
        case .folder(let folder): try folder.store(file, bucket, key)
        case .s3(let server): try server.store(file, bucket, key, until: deadline)
        }
    }

    /// An address from which anybody may fetch an object, for so many seconds: a week at most, and no longer than the
    /// credentials it is signed with last.
    package func presignedURL(bucket: [UInt8], key: [UInt8], expires seconds: Int) throws(Failure) -> [UInt8] {
        try presignedURL("GET", bucket: bucket, key: key, expires: seconds)
    }

    /// The same for another method, such as `PUT`.
    package func presignedURL(
        _ method: StaticString, bucket: [UInt8], key: [UInt8], expires seconds: Int
    ) throws(Failure) -> [UInt8] {
        guard case .s3(let server) = self else {
            throw Failure(
                "Storage.Unsupported", [UInt8]("a folder that plays the storage has no addresses to give out"))
        }
        return try server.presignedURL(method, bucket, key, seconds: seconds)
    }
}

/// The storages of a function, by the names that its inputs and outputs use.
package struct Storages: Sendable {
    private let folder: LocalStorage?
    private let servers: [S3Storage]

    /// - Parameters:
    ///   - folder: plays all of them, when there is one.
    ///   - spec: the function's.
    ///   - package: the package's folder.
    ///   - environment: the supervisor's own variables, where credentials are.
    init(folder: LocalStorage?, _ spec: LaunchSpec, package: [UInt8], environment: [[UInt8]]) {
        self.folder = folder
        let machine = TrustStore(.machine(Environment(environment)[[UInt8]("SSL_CERT_FILE")]))
        var servers = spec.storages.map {
            S3Storage(S3Setting($0, package: package, Environment(environment), machine))
        }
        servers.append(S3Storage(S3Setting(amazon: Environment(environment), machine)))
        self.servers = servers
    }

    /// - Parameter name: `s3` for Amazon's as the function's role, otherwise one of launch.json's.
    package func named(_ name: [UInt8]) throws(Failure) -> Storage {
        if let folder { return .folder(folder) }
        for server in servers where server.setting.name == name { return .s3(server) }
        throw Failure("Storage.Unsupported", [UInt8]("launch.json describes no storage called ‘") + name + [UInt8]("’"))
    }

    /// Where the object of an event lies: in the storage of the input that takes it. Of several, and where none does, it is
    /// the one that the event is from.
    func holding(_ record: ObjectRecord, _ inputs: [LaunchSpec.Channel]) throws(Failure) -> Storage {
        let takers = inputs.filter { $0.takes(record) }.map { $0.storage }
        let known = takers.isEmpty ? servers.map { $0.setting.name } : takers
        let told = record.storageNames.first { known.contains($0) }
        return try named(told ?? takers.first ?? [UInt8]("s3"))
    }
}

/// The supervisor's own variables. One that is empty counts as missing, as with AWS's own tools.
struct Environment: Sendable {
    let entries: [[UInt8]]

    init(_ entries: [[UInt8]]) { self.entries = entries }

    subscript(_ name: [UInt8]) -> [UInt8]? {
        let start = name + [UInt8(ascii: "=")]
        for entry in entries where entry.starts(with: start) {
            return entry.count == start.count ? nil : [UInt8](entry.dropFirst(start.count))
        }
        return nil
    }

    subscript(_ name: StaticString) -> [UInt8]? { self[[UInt8](name)] }
}
