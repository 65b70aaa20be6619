internal import JSON

/// One entry of a zip archive.
package struct ZipEntry: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        case bytes([UInt8])
        /// A regular file of this machine, read when the entry is written.
        case file(String)
        /// A regular file of the image and its size in bytes, read when the entry is written.
        case image(path: String, size: Int)
        /// A symbolic link and what it says.
        case link([UInt8])
        case folder
    }

    /// Where the entry stands, in UTF-8: relative, without `.`, `..` or empty components, without a slash at the end.
    package var path: [UInt8]
    package var content: Content
    /// The low twelve bits of the mode.
    package var permissions: UInt16
    /// Whether to deflate it.
    ///
    /// What does not get smaller is stored all the same.
    package var isDeflated: Bool

    package init(path: String, content: Content, permissions: UInt16 = 0o644, isDeflated: Bool = true) {
        self.init(path: [UInt8](path.utf8), content: content, permissions: permissions, isDeflated: isDeflated)
    }

    package init(path: [UInt8], content: Content, permissions: UInt16 = 0o644, isDeflated: Bool = true) {
        self.path = path
        self.content = content
        self.permissions = permissions
        self.isDeflated = isDeflated
    }

    /// The path as text, for messages and reports.
    package var name: String { String(decoding: path, as: UTF8.self) }

    /// Refuses a path that an unpacker could take for one outside its folder, or for another than it is.
    func check() throws(PackagerError) {
        guard !path.isEmpty else { throw refusal("an entry has no name") }
        guard path.count <= 4096 else { throw refusal("the path of ‘\(name.prefix(80))…’ is longer than 4096 bytes") }
        guard !path.contains(0) else { throw refusal("the path ‘\(name)’ holds NUL") }
        guard path.first != UInt8(ascii: "/") else { throw refusal("the path ‘\(name)’ is absolute") }
        guard isValidUTF8(path) else {
            throw refusal("the path ‘\(name)’ is not UTF-8, which Lambda would unpack under another name")
        }
        for component in path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard !component.isEmpty else { throw refusal("the path ‘\(name)’ has an empty component") }
            guard !component.elementsEqual(".".utf8), !component.elementsEqual("..".utf8)
            else {
                throw refusal("the path ‘\(name)’ has the component ‘\(String(decoding: component, as: UTF8.self))’")
            }
        }
        if case .link(let target) = content {
            guard (1...4095).contains(target.count), !target.contains(0)
            else { throw refusal("the link ‘\(name)’ has a target that no link can have") }
        }
    }

    private func refusal(_ message: String) -> PackagerError { PackagerError(.entryPath, message) }

    /// Type and permissions as Unix has them in `st_mode`.
    var mode: UInt32 {
        let kind: UInt32 =
            switch content {
            case .bytes, .file, .image: 0o100000
            case .link: 0o120000
            case .folder: 0o040000
            }
        return kind | UInt32(permissions & 0o7777)
    }
}
