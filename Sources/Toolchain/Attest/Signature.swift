package import ByteKit
internal import Glibc

/// The signature of a result, in a file of its own beside it: `thumbnails.zip.sig`.
///
/// It is of the file's bytes. An image's folder is signed by its `index.json`: that has the manifest's digest, and the
/// manifest those of all else.
package enum Signature {
    package static func path(of result: String) -> String { trimmed(result) + ".sig" }

    /// Signs a result, and gives the path of the signature.
    @discardableResult
    package static func sign(_ result: String, with key: SigningKey) throws -> String {
        let signature = try key.sign(file: try signedFile(of: result))
        var file = try OutputFile(path(of: result), bufferSize: 4096)
        try file.write(signature)
        try file.finish()
        return path(of: result)
    }

    /// Throws unless the signature beside a result is this key's.
    ///
    /// - Parameter path: where the signature is; nil for beside the result.
    package static func verify(_ result: String, with key: VerificationKey, signature path: String? = nil) throws {
        let place = path ?? Self.path(of: result)
        guard unsafe access(place, F_OK) == 0 else {
            throw ToolError(
                "no-signature", "there is no signature \(place)",
                hint: "‘scar-build sign’ makes one, for who has the key",
                exitCode: .differed)
        }
        let signature = try InputFile.contents(of: place, limit: 4096)
        let file = try signedFile(of: result)
        guard try key.verifies(signature, file: file) else {
            throw ToolError(
                "wrong-signature", "\(place) is not the signature of \(file) by this key",
                hint: "the result was changed after it was signed, or signed with another key", exitCode: .differed)
        }
        if file != result { try ImageFolder(result).check() }
    }

    /// The file whose bytes are signed.
    private static func signedFile(of result: String) throws -> String {
        var status = stat()
        guard unsafe stat(result, &status) == 0 else { throw FileError("open", result) }
        guard status.st_mode & S_IFMT == S_IFDIR else { return result }
        guard unsafe access("\(trimmed(result))/oci-layout", F_OK) == 0 else {
            throw ToolError(
                "unsigned-folder", "\(result) is a folder, whose bytes have no order", hint: "build with --target tar",
                exitCode: .usage)
        }
        return "\(trimmed(result))/index.json"
    }

    private static func trimmed(_ path: String) -> String {
        var path = path[...]
        while path.count > 1, path.hasSuffix("/") { path = path.dropLast() }
        return String(path)
    }
}
