internal import ByteKit
internal import Glibc

/// What a request sends, read piece by piece.
@safe final class UploadSource {
    /// The bytes there are in all.
    let count: Int

    private let bytes: [UInt8]
    private let file: InputFile?
    private let start: Int
    private var position = 0

    /// Opens what the request carries; nil when it carries nothing.
    init?(_ body: HTTPBody, url: URL) throws(TransportError) {
        switch body {
        case .none: return nil
        case .bytes(let bytes):
            self.bytes = bytes
            file = nil
            start = 0
            count = bytes.count
        case .file(let path, let offset, let count):
            do throws(FileError) {
                let opened = try InputFile(path)
                guard offset >= 0, count >= 0, offset <= opened.size, count <= opened.size - offset
                else { throw FileError("read", path, errorNumber: ENODATA) }
                file = consume opened
            } catch {
                throw TransportError(.fileUnreadable, url: url.description, detail: error.diagnostic.message)
            }
            bytes = []
            start = offset
            self.count = count
        }
    }

    /// Copies the next bytes; 0 at the end, nil when the file cannot be read.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        let length = min(buffer.count, count - position)
        let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<length])
        if file == nil {
            unsafe target.copyBytes(from: bytes[position..<position + length])
        } else {
            do throws(FileError) { unsafe try file?.read(into: target, at: start + position) } catch { return nil }
        }
        position += length
        return length
    }

    /// Goes to another place; false when there is none such.
    func seek(to offset: Int) -> Bool {
        guard (0...count).contains(offset) else { return false }
        position = offset
        return true
    }
}
