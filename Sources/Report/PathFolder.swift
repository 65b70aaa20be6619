extension [UInt8] {
    /// The folder of the file with this path, at most so many levels deep.
    func folder(depth: Int) -> ArraySlice<UInt8> {
        var end = 0
        var slashes = 0
        for (index, byte) in enumerated() where byte == UInt8(ascii: "/") {
            slashes += 1
            end = index
            if slashes == depth { break }
        }
        return self[..<end]
    }
}
