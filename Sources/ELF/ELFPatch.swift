internal import ByteKit

/// A change to an ELF file that moves nothing of what it has.
package struct ELFPatch: Equatable, Sendable {
    /// Bytes that replace others, in the order of their places; none crosses the old end.
    package let edits: [Edit]
    /// Bytes behind the old end.
    package let appended: [UInt8]

    /// Bytes that replace as many.
    package struct Edit: Equatable, Sendable {
        package let offset: Int
        package let bytes: [UInt8]
    }

    /// Applies the edits to a stretch of the file.
    ///
    /// - Parameters:
    ///   - bytes: the stretch.
    ///   - start: where in the file it stands.
    package func edit(_ bytes: inout [UInt8], at start: Int) {
        for edit in edits {
            let touched =
                max(
                    edit.offset, start)..<max(
                    edit.offset, start, min(edit.offset + edit.bytes.count, start + bytes.count))
            for place in touched { bytes[place - start] = edit.bytes[place - edit.offset] }
        }
    }

    /// Whether a stretch of the file stays as it is.
    package func leaves(_ range: Range<Int>) -> Bool {
        edits.allSatisfy { $0.offset >= range.upperBound || $0.offset + $0.bytes.count <= range.lowerBound }
    }
}

extension ELFFile {
    /// What makes Linux load the program with another loader: the new path stands behind the old end of the file, and the
    /// program header leads there.
    ///
    /// `p_vaddr` stays as it is, where the loader finds its own old name in memory.
    ///
    /// - Parameter size: the file's.
    /// - Returns: nil for a file that has no interpreter, has 32 bits, or has its program headers inside its ELF header,
    ///   and for a path that Linux would not take.
    package func patch(interpreter path: [UInt8], size: Int) -> ELFPatch? {
        guard is64Bit, interpreter != nil, let segment = segment(.interpreter), segment.headerOffset >= 64,
            path.count < Self.pathLimit, !path.isEmpty, !path.contains(0)
        else { return nil }
        var place: [UInt8] = []
        place.append(littleEndian: UInt64(size))
        var length: [UInt8] = []
        // p_filesz and p_memsz.
        for _ in 0..<2 { length.append(littleEndian: UInt64(path.count + 1)) }
        return ELFPatch(
            edits: [
                ELFPatch.Edit(offset: segment.headerOffset + 8, bytes: place),
                ELFPatch.Edit(offset: segment.headerOffset + 32, bytes: length),
            ],
            appended: path + [0])
    }
}
