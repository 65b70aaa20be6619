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
            case .file(let path):
                "\(path) \(FileIdentity(path, followsLinks: true).map { "\($0.size) \($0.modified)" } ?? "")"
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
        let marks = left.map(\.mark)
        // What makes all of them stop leaves what was done in the journal.
        _ = try Parallel.map(left.count, width: width) { index throws(AWSError) in
            let item = left[index]
            let reason = try call(item, answered)
            if reason == nil { try journal?.add(marks[index]) }
            let done = tally.withLock { tally -> Int in
                tally.called += 1
                if let reason { tally.failures.append((item.name, reason)) }
                return tally.called
            }
            progress(done, total)
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
                time: session.client.serviceTime, configuration: "scar-build:submit"
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

/// A file that remembers what is done, a line each. A line that was cut off is nobody's.
private final class Journal: Sendable {
    private let path: String
    private let done: Set<String>
    private let descriptor: Int32

    init(_ path: String) throws(FileError) {
        self.path = path
        var lines: Set<String> = []
        var last: UInt8?
        if unsafe access(path, F_OK) == 0 {
            let text = try InputFile.contents(of: path, limit: 1 << 30)
            last = text.last
            for line in text.split(separator: UInt8(ascii: "\n")) {
                lines.insert(String(decoding: line, as: UTF8.self))
            }
        }
        done = lines
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError("create", path) }
        // What comes next must not become the end of a line that was cut off.
        if let last, last != UInt8(ascii: "\n") { try write("\n") }
    }

    func contains(_ mark: String) -> Bool { done.contains(Self.line(mark)) }

    /// Throws when it cannot be remembered: without that, what is done is done and paid for again.
    func add(_ mark: String) throws(AWSError) {
        do throws(FileError) { try write(Self.line(mark) + "\n") } catch {
            throw AWSError(
                .configuration, error.diagnostic.message,
                hint: "make room, or name another journal: what is not in it is called for again")
        }
    }

    /// One write at the end of a file is one line, whoever else writes.
    private func write(_ text: String) throws(FileError) {
        let bytes = Array(text.utf8)
        let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw FileError("write", path) }
        guard count == bytes.count else {
            // A disk that is full took a part. What another call still writes begins a line of its own.
            _ = unsafe Glibc.write(descriptor, "\n", 1)
            throw FileError("write", path, errorNumber: ENOSPC)
        }
    }

    func remove() { unsafe unlink(path) }

    /// A key may hold line breaks.
    private static func line(_ mark: String) -> String { URL.encode(mark, keeping: "/ ") }

    deinit { close(descriptor) }
}
