package import AWS
internal import ByteKit
internal import Glibc
internal import JSON
internal import Transport

/// Calls a function for many files, some at a time, and remembers which are done.
package struct Submission: Sendable {
    /// What one call is about.
    package enum Item: Sendable, Equatable {
        case object(bucket: String, S3API.Object)
        /// A file of this machine.
        case file(String)

        /// What it is called in reports and in the journal.
        package var name: String {
            switch self {
            case .object(let bucket, let object): "\(bucket)/\(object.key)"
            case .file(let path): path
            }
        }

        /// What says that it is still the same file as the last time.
        var mark: String {
            switch self {
            case .object(let bucket, let object): "\(bucket)/\(object.key) \(object.etag)"
            case .file(let path): path
            }
        }
    }

    package struct Summary: Sendable {
        package var called = 0
        /// Done before, by the journal.
        package var skipped = 0
        package var failures: [(item: String, reason: String)] = []
    }

    package var function: String
    package var qualifier = "live"
    /// Calls that are under way at a time.
    package var width = 50
    /// Whether each call is waited for; otherwise Lambda only takes the events.
    package var waits = false
    /// Where it is remembered what is done; nil to remember nothing.
    package var journal: String?
    private let session: Session

    package init(_ function: String, _ session: Session) {
        self.function = function
        self.session = session
    }

    /// Calls the function once for each item that is not done yet.
    ///
    /// - Parameters:
    ///   - answered: told what the function said to an item, when calls are waited for.
    ///   - progress: told how many are done, of how many.
    package func run(
        _ items: [Item], answered: @escaping @Sendable (Item, [UInt8]) throws(AWSError) -> Void = { _, _ in },
        progress: @escaping @Sendable (Int, Int) -> Void
    ) throws -> Summary {
        let journal = try self.journal.map { try Journal($0) }
        let left = items.filter { journal?.contains($0.mark) != true }
        let tally = Monitor(Summary(skipped: items.count - left.count))
        let total = left.count
        do {
            _ = try Parallel.map(left.count, width: width) { index throws(AWSError) in
                let item = left[index]
                let reason = try call(item, answered)
                if reason == nil { journal?.add(item.mark) }
                let done = tally.withLock { tally -> Int in
                    tally.called += 1
                    if let reason { tally.failures.append((item.name, reason)) }
                    return tally.called
                }
                progress(done, total)
            }
        } catch {
            // What made all of them stop; what was done is in the journal.
            throw error
        }
        let summary = tally.withLock { $0 }
        if summary.failures.isEmpty { journal?.remove() }
        return summary
    }

    /// Calls the function for one item; gives why that failed, and throws when no other item would fare better.
    private func call(
        _ item: Item, _ answered: (Item, [UInt8]) throws(AWSError) -> Void
    ) throws(AWSError) -> String? {
        let event: [UInt8]
        do {
            event = try self.event(item)
            try Invocation.check(event, isAsynchronous: !waits)
        } catch let error as any DiagnosableError {
            return error.diagnostic.message
        } catch {
            return "\(error)"
        }
        do throws(AWSError) {
            let outcome = try session.lambda.invoke(
                function, qualifier: qualifier, payload: event, isAsynchronous: !waits)
            if let error = outcome.error {
                return "\(error): \(String(decoding: outcome.payload.prefix(500), as: UTF8.self))"
            }
            if waits { try answered(item, outcome.payload) }
            return nil
        } catch {
            // Without rights, keys or function there is no sense in going on.
            let isFinal =
                error.kind == .credentials || error.kind == .cancelled || error.kind == .configuration
                || error.isNotFound || error.isService("AccessDeniedException", "UnrecognizedClientException")
            guard !isFinal else { throw error }
            return error.diagnostic.message
        }
    }

    private func event(_ item: Item) throws -> [UInt8] {
        switch item {
        case .object(let bucket, let object):
            return StorageEvent.json(
                bucket: bucket, arn: session.bucketARN(bucket), object, region: session.region.name,
                time: session.client.serviceTime
            ).text()
        case .file(let path):
            let body = Base64.encode(try InputFile.contents(of: path, limit: Invocation.largest))
            let name = path.split(separator: "/").last.map(String.init) ?? path
            // The form of a function URL's request, so that the function takes the body for its input.
            let http: [(name: StaticString, json: JSON)] = [
                ("method", .string("POST")), ("path", .string("/" + URL.encode(name))),
            ]
            return JSON.object([
                ("version", .string("2.0")), ("rawPath", .string("/" + URL.encode(name))),
                ("headers", .object([("content-type", .string("application/octet-stream"))])),
                ("requestContext", .object([("http", .object(http))])), ("body", .utf8(body)),
                ("isBase64Encoded", .bool(true)),
            ]).text()
        }
    }
}

/// An event as S3 would send it. Amazon S3 User Guide, "Event message structure".
enum StorageEvent {
    static func json(bucket: String, arn: String, _ object: S3API.Object, region: String, time: Int) -> JSON {
        let source: [(name: StaticString, json: JSON)] = [
            ("name", .string(bucket)), ("arn", .string(arn)),
        ]
        let thing: [(name: StaticString, json: JSON)] = [
            ("key", .string(key(object.key))), ("size", .integer(object.size)), ("eTag", .string(object.etag)),
        ]
        let storage: [(name: StaticString, json: JSON)] = [
            ("s3SchemaVersion", .string("1.0")), ("configurationId", .string("scar-build:submit")),
            ("bucket", .object(source)), ("object", .object(thing)),
        ]
        let record: [(name: StaticString, json: JSON)] = [
            ("eventVersion", .string("2.1")), ("eventSource", .string("aws:s3")), ("awsRegion", .string(region)),
            ("eventTime", .string(Timestamp.extended(time))), ("eventName", .string("ObjectCreated:Put")),
            ("s3", .object(storage)),
        ]
        return .object([("Records", .array([.object(record)]))])
    }

    /// Keys are written as in a form: a space is a plus.
    private static func key(_ key: String) -> String { URL.encode(key, keeping: "/").replacing("%20", with: "+") }
}

/// A file that remembers what is done, a line each. Lines are whole or not there: a line that was cut off is nobody's.
private final class Journal: Sendable {
    private let path: String
    private let done: Set<String>
    private let descriptor: Int32

    init(_ path: String) throws(FileError) {
        self.path = path
        var lines: Set<String> = []
        if unsafe access(path, F_OK) == 0 {
            let text = try InputFile.contents(of: path, limit: 1 << 30)
            for line in text.split(separator: UInt8(ascii: "\n")) {
                lines.insert(String(decoding: line, as: UTF8.self))
            }
        }
        done = lines
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError("create", path) }
    }

    func contains(_ mark: String) -> Bool { done.contains(Self.line(mark)) }

    func add(_ mark: String) {
        let line = Array((Self.line(mark) + "\n").utf8)
        // One write at the end of a file is one line, whoever else writes.
        _ = unsafe line.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    }

    func remove() { unsafe unlink(path) }

    /// A key may hold line breaks.
    private static func line(_ mark: String) -> String { URL.encode(mark, keeping: "/ ") }

    deinit { close(descriptor) }
}
