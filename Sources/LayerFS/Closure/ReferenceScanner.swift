/// Finds names in bytes of any kind: absolute paths, shared objects, and words.
///
/// A name ends where a byte stands that is rare in names. Names with blanks, names put together at run time, and text of
/// two bytes a letter are not found.
struct ReferenceScanner {
    enum Name: Equatable {
        /// Begins with a slash.
        case path(ArraySlice<UInt8>)
        /// The last component of something with `.so` in it.
        case object(ArraySlice<UInt8>)
        case word(ArraySlice<UInt8>)
    }

    /// Whether words are wanted as well.
    private let findsWords: Bool
    /// A name that began in what was scanned before.
    private var rest: [UInt8] = []
    /// As long as paths get (`PATH_MAX`).
    private static let mostBytes = 4096

    init(findsWords: Bool) { self.findsWords = findsWords }

    /// Whether a byte may be part of a name: letters, digits, and `+ - . / @ _ ~`, and what is not ASCII.
    private static let isName: [Bool] = (0...255).map { byte in
        switch UInt8(byte) {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...0xff:
            true
        default: "+-./@_~".utf8.contains(UInt8(byte))
        }
    }

    static func isPartOfName(_ byte: UInt8) -> Bool { isName[Int(byte)] }

    /// Looks at the next bytes.
    mutating func scan(_ bytes: [UInt8], _ found: (Name) -> Void) {
        let isName = Self.isName
        var start = 0
        for (end, byte) in bytes.enumerated() where !isName[Int(byte)] {
            if start < end || !rest.isEmpty { finish(bytes[start..<end], found) }
            start = end + 1
        }
        if start < bytes.count { hold(bytes[start...]) }
    }

    /// Says that there are no more bytes.
    mutating func finish(_ found: (Name) -> Void) { finish([], found) }

    private mutating func hold(_ bytes: ArraySlice<UInt8>) {
        if rest.count <= Self.mostBytes { rest += bytes.prefix(Self.mostBytes + 1) }
    }

    private mutating func finish(_ bytes: ArraySlice<UInt8>, _ found: (Name) -> Void) {
        guard !rest.isEmpty else { return tell(bytes, found) }
        hold(bytes)
        let whole = rest
        rest = []
        tell(whole[...], found)
    }

    private func tell(_ name: ArraySlice<UInt8>, _ found: (Name) -> Void) {
        guard name.count > 1, name.count <= Self.mostBytes else { return }
        let slash = UInt8(ascii: "/")
        let dot = UInt8(ascii: ".")
        if name.first == slash {
            // A sentence may end with a path.
            var path = name
            while path.last == dot { path.removeLast() }
            found(.path(path))
        }
        if Self.isObject(name) { found(.object(name[((name.lastIndex(of: slash) ?? name.startIndex - 1) + 1)...])) }
        guard findsWords, name.first != slash else { return }
        found(.word(name))
    }

    /// Whether a name is that of a shared object: `libx.so`, `libx.so.1`, `x.so.1.2`.
    private static func isObject(_ name: ArraySlice<UInt8>) -> Bool {
        guard name.count > 3 else { return false }
        let (dot, s, o) = (UInt8(ascii: "."), UInt8(ascii: "s"), UInt8(ascii: "o"))
        var index = name.startIndex + 1
        while index + 2 < name.endIndex {
            if name[index] == dot, name[index + 1] == s, name[index + 2] == o {
                if index + 3 == name.endIndex || name[index + 3] == dot { return true }
            }
            index += 1
        }
        return false
    }
}
