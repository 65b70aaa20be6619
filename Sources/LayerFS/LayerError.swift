package import ByteKit

/// Why a layer could not be compiled, or layers not be linked.
package struct LayerError: DiagnosableError, Equatable {
    /// The kinds of failure; the raw value is the code that people see and search for.
    package enum Code: String, Sendable {
        case damagedCompression = "layer-damaged-compression"
        case damagedTar = "layer-damaged-tar"
        case unsupportedTar = "layer-unsupported-tar"
        case badName = "layer-bad-name"
        case badWhiteout = "layer-bad-whiteout"
        case hardLinkTarget = "layer-hard-link-target"
        case symlinkLoop = "layer-symlink-loop"
        case tooLarge = "layer-too-large"
        case diffIDMismatch = "layer-diff-id-mismatch"
        case blobMismatch = "layer-digest-mismatch"
        case damagedObject = "layer-object-damaged"
        case compressor = "compressor-failed"
        case squashLimit = "squashfs-limit"
    }

    package var code: Code
    package var message: String
    /// The layer it happened in, when it did in one.
    package var layer: Digest?
    /// The path inside the layer or tree, as bytes.
    package var path: [UInt8]?
    package var hint: String?

    package init(_ code: Code, _ message: String, path: [UInt8]? = nil, layer: Digest? = nil, hint: String? = nil) {
        self.code = code
        self.message = message
        self.path = path
        self.layer = layer
        self.hint = hint
    }

    /// The same error, said to have happened in this layer.
    package func inLayer(_ layer: Digest) -> LayerError {
        var error = self
        error.layer = error.layer ?? layer
        return error
    }

    package var diagnostic: Diagnostic {
        let places = [
            layer.map { "layer \($0)" },
            path.map { Diagnostic.printable("/" + String(decoding: $0, as: UTF8.self)) },
        ].compactMap(\.self)
        return Diagnostic(
            code: code.rawValue, message: message, location: places.isEmpty ? nil : places.joined(separator: ", "),
            hint: hint)
    }
}
