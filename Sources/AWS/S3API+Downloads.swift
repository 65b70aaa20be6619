internal import ByteKit
internal import Glibc
internal import Transport

/// Files on their way from S3.
extension S3API {
    /// Brings an object into a file, which appears whole or not at all. What an earlier attempt left beside it is gone on
    /// with, as long as the object is still the same.
    package func download(
        _ object: Object, from bucket: String, to path: String,
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws(AWSError) {
        let client = try client(for: bucket)
        let partial = Self.partialPath(of: object, for: path)
        let file: PartialFile
        do throws(FileError) {
            file = try PartialFile(partial, size: object.size)
        } catch {
            throw AWSError(file: error)
        }
        progress(file.place)
        if file.place < object.size {
            let first = try request("GetObject", .get, bucket, object.key)
            _ = unsafe try client.stream({
                var request = first
                // What is too much is noticed where it is written.
                request.answerLimit = .max
                request.headers["if-match"] = "\"\(object.etag)\""
                if file.place > 0 { request.headers["range"] = "bytes=\(file.place)-" }
                file.beginAnswer()
                return request
            }) { response, bytes in
                unsafe file.take(bytes, of: response, progress) ? .more : .stop
            }
        }
        if let failure = file.failure { throw failure }
        guard file.place == object.size else {
            throw AWSError(.answer, "the object \(object.key) ended after \(file.place) of \(object.size) bytes")
        }
        do throws(FileError) { try Folder.move(partial, to: path) } catch { throw AWSError(file: error) }
    }
}

extension S3API {
    /// Where an object is gathered: beside its file, which may have a name as long as names can be.
    package static func partialPath(of object: Object, for path: String) -> String {
        let start = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        return "\(path[..<start]).\(Digest(of: Array("\(object.etag) \(path[start...])".utf8)).hex.prefix(32)).partial"
    }
}

/// A file that an object is written into, piece by piece, across attempts. One thread uses it at a time.
private final class PartialFile {
    private let path: String
    private let size: Int
    private let descriptor: Int32
    /// How much of the object is there.
    private(set) var place: Int
    private(set) var failure: AWSError?
    private var isFirstPiece = true

    /// Opens what an earlier attempt left, or begins.
    init(_ path: String, size: Int) throws(FileError) {
        self.path = path
        self.size = size
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw FileError("create", path) }
        place = Int(lseek(descriptor, 0, Int32(SEEK_END)))
        if place > size { beginAgain() }
    }

    /// What comes next is the beginning of an answer.
    func beginAnswer() { isFirstPiece = true }

    private func beginAgain() {
        _ = ftruncate(descriptor, 0)
        place = Int(lseek(descriptor, 0, Int32(SEEK_SET)))
    }

    /// Writes a piece of an answer; false when no more of it is wanted.
    func take(_ bytes: UnsafeRawBufferPointer, of response: HTTPResponse, _ progress: (Int) -> Void) -> Bool {
        if isFirstPiece {
            isFirstPiece = false
            guard begins(response) else { return false }
        }
        guard bytes.count <= size - place else {
            failure = AWSError(.answer, "S3 sends more than the \(size) bytes that it said the object has")
            return false
        }
        var rest = unsafe bytes
        while unsafe !rest.isEmpty {
            let count = unsafe write(descriptor, rest.baseAddress, rest.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                failure = AWSError(file: FileError("write", path))
                return false
            }
            place += count
            progress(count)
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return true
    }

    /// Whether an answer goes on where we are. A server that knows no ranges sends all of it again.
    private func begins(_ response: HTTPResponse) -> Bool {
        if response.status != 206 {
            if place > 0 { beginAgain() }
            return true
        }
        guard response.headers["content-range"]?.hasPrefix("bytes \(place)-") == true else {
            failure = AWSError(.answer, "S3 was asked for what follows byte \(place), and sends another part")
            return false
        }
        return true
    }

    deinit { close(descriptor) }
}
