package import ByteKit
package import ImageModel

/// Where a recipe's image comes from.
package enum ImageSource: Sendable, Equatable {
    case registry(Reference)
    /// An OCI image layout on this machine.
    case ociLayout(RecipePath, tag: String?)
    /// What `docker save` writes.
    case dockerArchive(RecipePath)
    /// A root file system as one tar archive.
    case tar(RecipePath)
    /// The same from the standard input, `tar:-`.
    case standardInput

    /// The source in its one canonical spelling, as locks and reports name it.
    package var description: String {
        switch self {
        case .registry(let reference): reference.description
        case .ociLayout(let path, let tag): "oci:\(path.written)" + (tag.map { ":\($0)" } ?? "")
        case .dockerArchive(let path): "docker-archive:\(path.written)"
        case .tar(let path): "tar:\(path.written)"
        case .standardInput: "tar:-"
        }
    }

    /// Parses an image's name on the command line; paths are relative to the working folder.
    package init(of word: String) throws(ImageSourceError) {
        try self.init(parsing: word, relativeTo: ".")
    }

    /// Parses a recipe's `image`; paths of local images are relative to the recipe's folder.
    init(parsing text: String, relativeTo folder: String) throws(ImageSourceError) {
        func path(after prefix: String) throws(ImageSourceError) -> RecipePath? {
            guard text.hasPrefix(prefix) else { return nil }
            let rest = String(text.dropFirst(prefix.count))
            guard !rest.isEmpty else { throw ImageSourceError(message: "‘\(prefix)’ names no file", hint: nil) }
            return RecipePath(anywhere: rest, relativeTo: folder)
        }
        if let path = try path(after: "docker-archive:") {
            self = .dockerArchive(path)
        } else if let path = try path(after: "tar:") {
            self = path.written == "-" ? .standardInput : .tar(path)
        } else if let layout = try path(after: "oci:") {
            // The last colon separates the tag, as it does for skopeo; tags have no slash.
            let parts = layout.written.split(separator: ":", omittingEmptySubsequences: false)
            guard let tag = parts.last, parts.count > 1, !tag.contains("/"), !tag.isEmpty else {
                self = .ociLayout(layout, tag: nil)
                return
            }
            let folderPart = parts.dropLast().joined(separator: ":")
            guard !folderPart.isEmpty else { throw ImageSourceError(message: "‘oci:’ names no folder", hint: nil) }
            self = .ociLayout(RecipePath(anywhere: folderPart, relativeTo: folder), tag: String(tag))
        } else {
            do {
                self = .registry(try Reference(parsing: text))
            } catch {
                throw ImageSourceError(message: error.diagnostic.message, hint: error.diagnostic.hint)
            }
        }
    }
}

/// Why an image's name was refused; the parser of recipes adds the place.
package struct ImageSourceError: DiagnosableError {
    let message: String
    let hint: String?

    package var diagnostic: Diagnostic { Diagnostic(code: "malformed-image", message: message, hint: hint) }
}
