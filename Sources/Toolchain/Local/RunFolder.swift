internal import ByteKit
internal import Glibc

/// Where packages are laid out for runs on this machine.
package enum RunFolder {
    /// Runs `body` with a folder for trees, which are large: TMPDIR is the person's way to say where they should go.
    package static func with<Value>(_ body: (String) throws -> Value) throws -> Value {
        let named = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? ""
        guard let path = unsafe realpath(named.isEmpty ? "/tmp" : named, nil) else { throw FileError("open", named) }
        defer { unsafe free(path) }
        let parent = unsafe String(cString: path)
        // What a run that was killed has left.
        Folder.removeAbandoned(in: parent)
        return try Folder.withTemporary(in: parent, body)
    }
}
