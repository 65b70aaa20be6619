internal import CArchive
internal import CCompress
internal import CInflate
internal import Glibc

/// The piece a decoder is working on, at an address that stays put until the next piece is asked for.
@safe final class DecoderInput {
    private let source: LayerSource
    private var piece: LayerPiece
    /// What of the piece is used; negative when bytes before it were given back.
    private var place = 0

    init(first: LayerPiece, source: LayerSource) {
        self.source = source
        piece = first
    }

    /// What is left of the piece; when nothing is, the next piece; empty at the end.
    func peek() throws(LayerError) -> UnsafeRawBufferPointer {
        while place >= piece.count, let next = try source.next() {
            next.follow(piece)
            piece = next
            place = 0
        }
        return unsafe piece.bytes(from: place)
    }

    /// Takes bytes. A negative number gives some back, of those that were taken last: decoders read ahead by a few.
    func consume(_ count: Int) {
        place = max(-piece.room, min(piece.count, place + count))
    }
}

/// How much decoded data is lent at a time: enough to be worth a hash call, small enough to stay in the cache.
let decodedPieceSize = 256 << 10

/// No compression at all.
final class PlainDecoder {
    private let input: DecoderInput
    init(_ input: DecoderInput) { self.input = input }

    func next() throws(LayerError) -> UnsafeRawBufferPointer {
        let bytes = unsafe try input.peek()
        input.consume(bytes.count)
        return unsafe bytes
    }
}

/// gzip through ISA-L, several times faster than zlib. RFC 1952; several members in a row are one stream.
@safe final class GzipDecoder {
    private let input: DecoderInput
    private let state: UnsafeMutablePointer<inflate_state>
    private let output: UnsafeMutableRawBufferPointer
    private var isBetweenMembers = false

    init(_ input: DecoderInput) {
        self.input = input
        unsafe state = .allocate(capacity: 1)
        unsafe output = .allocate(byteCount: decodedPieceSize, alignment: 64)
        unsafe isal_inflate_init(state)
        unsafe state.pointee.crc_flag = UInt32(ISAL_GZIP)
    }

    func next() throws(LayerError) -> UnsafeRawBufferPointer {
        unsafe state.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe state.pointee.avail_out = UInt32(output.count)
        while unsafe state.pointee.avail_out > 0 {
            let bytes = unsafe try input.peek()
            if isBetweenMembers {
                guard unsafe try startNextMember(bytes) else { break }
                continue
            }
            guard let base = bytes.baseAddress else { preconditionFailure("a piece has an address") }
            let room = unsafe state.pointee.avail_out
            unsafe state.pointee.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
            unsafe state.pointee.avail_in = UInt32(bytes.count)
            let outcome = unsafe isal_inflate(state)
            // ISA-L has up to eight bytes in hand; at a member's end it gives back those that are not the member's, also
            // when they came with the piece before. They stand in front of this one, where it looks for them.
            unsafe input.consume(bytes.count - Int(state.pointee.avail_in))
            guard outcome >= 0 else {
                throw LayerError(.damagedCompression, "the gzip stream is damaged (code \(outcome))")
            }
            isBetweenMembers = unsafe state.pointee.block_state == ISAL_BLOCK_FINISH
            guard unsafe isBetweenMembers || !bytes.isEmpty || state.pointee.avail_out < room else {
                throw LayerError(.damagedCompression, "the gzip stream ends in the middle")
            }
        }
        return unsafe UnsafeRawBufferPointer(
            rebasing: UnsafeRawBufferPointer(output)[..<(output.count - Int(state.pointee.avail_out))])
    }

    /// After a member: another one, zero padding, or the end. False at the end.
    private func startNextMember(_ bytes: UnsafeRawBufferPointer) throws(LayerError) -> Bool {
        guard let first = unsafe bytes.first else { return false }
        switch first {
        case 0: unsafe input.consume(bytes.prefix { $0 == 0 }.count)
        case 0x1f:
            // A reset leaves the room for output alone; a fresh start would forget it.
            unsafe isal_inflate_reset(state)
            isBetweenMembers = false
        default: throw LayerError(.damagedCompression, "there is something after the end of the gzip stream")
        }
        return true
    }

    deinit {
        unsafe state.deallocate()
        unsafe output.deallocate()
    }
}

/// zstd. RFC 8878; several frames in a row are one stream. Windows over 128 MiB are refused by the library's default.
@safe final class ZstdDecoder {
    private let input: DecoderInput
    private let context: OpaquePointer
    private let output: UnsafeMutableRawBufferPointer
    private var isInFrame = false

    init(_ input: DecoderInput) {
        self.input = input
        // Fails only without memory.
        guard let context = unsafe ZSTD_createDCtx() else { preconditionFailure("no memory for a zstd decoder") }
        unsafe self.context = context
        unsafe output = .allocate(byteCount: decodedPieceSize, alignment: 64)
    }

    func next() throws(LayerError) -> UnsafeRawBufferPointer {
        var out = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        while unsafe out.pos < out.size {
            let bytes = unsafe try input.peek()
            guard unsafe !bytes.isEmpty else {
                if isInFrame { throw LayerError(.damagedCompression, "the zstd stream ends in the middle") }
                break
            }
            var piece = unsafe ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
            let outcome = unsafe ZSTD_decompressStream(context, &out, &piece)
            unsafe input.consume(piece.pos)
            guard ZSTD_isError(outcome) == 0 else {
                let reason = unsafe String(cString: ZSTD_getErrorName(outcome))
                throw LayerError(.damagedCompression, "the zstd stream is damaged: \(reason)")
            }
            isInFrame = outcome != 0
        }
        return unsafe UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(output)[..<out.pos])
    }

    deinit {
        unsafe ZSTD_freeDCtx(context)
        unsafe output.deallocate()
    }
}

/// Whatever else libarchive can decode: bzip2, lz4, lzip and their like.
///
/// Only its filters are used, with the `raw` format: names inside archives never pass through it, because it rewrites
/// them (see docs/decisions/0004-own-tar-reader.md).
@safe final class ArchiveDecoder {
    private let archive: OpaquePointer
    private let feed: Feed

    /// What libarchive's read callback works with.
    private final class Feed {
        let input: DecoderInput
        var lent = 0
        var failure: LayerError?
        init(_ input: DecoderInput) { self.input = input }
    }

    init(_ input: DecoderInput) throws(LayerError) {
        guard let archive = unsafe archive_read_new() else { preconditionFailure("no memory for libarchive") }
        unsafe self.archive = archive
        feed = Feed(input)
        // Named one by one: `archive_read_support_filter_all` would also offer those that start programs of the host.
        // A libarchive that lacks one of these warns that it would start a program for it: then it is not offered.
        let outcomes = unsafe [
            archive_read_support_filter_bzip2(archive), archive_read_support_filter_lzip(archive),
            archive_read_support_filter_lz4(archive), archive_read_support_filter_compress(archive),
        ]
        guard outcomes.allSatisfy({ $0 == ARCHIVE_OK }) else {
            throw LayerError(
                .damagedCompression,
                "the layer is neither gzip, zstd, xz nor plain tar, and this libarchive decodes no more")
        }
        unsafe archive_read_support_format_raw(archive)
        let opened = unsafe archive_read_open(
            archive, Unmanaged.passUnretained(feed).toOpaque(), nil,
            { _, feed, buffer in
                guard let feed = unsafe feed else { return -1 }
                return unsafe ArchiveDecoder.lend(Unmanaged<Feed>.fromOpaque(feed).takeUnretainedValue(), buffer)
            }, nil)
        var entry: OpaquePointer?
        guard opened == ARCHIVE_OK, unsafe archive_read_next_header(archive, &entry) == ARCHIVE_OK else {
            throw error()
        }
        guard unsafe archive_filter_code(archive, 0) != ARCHIVE_FILTER_NONE else {
            throw LayerError(
                .damagedCompression, "the layer is neither a tar archive nor compressed in a way that is known")
        }
    }

    func next() throws(LayerError) -> UnsafeRawBufferPointer {
        var buffer: UnsafeRawPointer?
        var size = 0
        var offset: la_int64_t = 0
        switch unsafe archive_read_data_block(archive, &buffer, &size, &offset) {
        case ARCHIVE_OK: return unsafe UnsafeRawBufferPointer(start: buffer, count: size)
        case ARCHIVE_EOF: return unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        default: throw error()
        }
    }

    private static func lend(_ feed: Feed, _ buffer: UnsafeMutablePointer<UnsafeRawPointer?>?) -> Int {
        feed.input.consume(feed.lent)
        do throws(LayerError) {
            let bytes = unsafe try feed.input.peek()
            feed.lent = bytes.count
            unsafe buffer?.pointee = bytes.baseAddress
            return bytes.count
        } catch {
            feed.failure = error
            feed.lent = 0
            return -1
        }
    }

    private func error() -> LayerError {
        if let failure = feed.failure { return failure }
        let reason = unsafe archive_error_string(archive).map { unsafe String(cString: $0) } ?? "unknown format"
        return LayerError(.damagedCompression, "the layer cannot be decoded: \(reason)")
    }

    deinit { unsafe archive_read_free(archive) }
}
