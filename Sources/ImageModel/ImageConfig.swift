package import ByteKit
internal import JSON

/// How a container of the image is started and what its layers hold. OCI image specification, "Image Configuration".
package struct ImageConfig: Sendable, Equatable {
    /// One step of the image's making.
    package struct HistoryEntry: Sendable, Equatable {
        /// The command that made it, for people.
        package let createdBy: String
        /// Whether it made no layer.
        package let isEmptyLayer: Bool
    }

    /// Empty when the config does not say.
    package let architecture: String
    /// Empty when the config does not say.
    package let os: String
    package let variant: String?
    /// `NAME=value`, in the order written.
    package let environment: [String]
    package let entrypoint: [String]
    package let command: [String]
    /// Absolute and without `..`; `/` when the config does not say.
    package let workingDirectory: String
    /// `user`, `uid`, `user:group` or empty, as written.
    package let user: String
    /// The digests of the uncompressed layers, lowest first.
    package let diffIDs: [Digest]
    package let history: [HistoryEntry]
    /// What was odd and has been put right.
    package let warnings: [Diagnostic]
    /// The document itself.
    package let bytes: [UInt8]

    package static let maximumSize = 8 << 20

    /// Reads a config whose bytes have been checked against their digest.
    package init(decoding bytes: [UInt8]) throws(DocumentError) {
        let json = try JSON.document(bytes, "the image’s config", limit: Self.maximumSize)
        let fields = try DocumentFields(json, "the image’s config")
        let emptyObject = JSON(.object([]))
        let process = try DocumentFields(fields["config"] ?? emptyObject, "‘config’ of the image’s config")
        var warnings: [Diagnostic] = []

        architecture = try fields.string("architecture") ?? ""
        os = try fields.string("os") ?? ""
        variant = try fields.string("variant")
        environment = Self.environment(try process.strings("Env"), &warnings)
        entrypoint = try process.strings("Entrypoint")
        command = try process.strings("Cmd")
        workingDirectory = Self.absolute(try process.strings("WorkingDir").first ?? "", &warnings)
        user = try process.strings("User").first ?? ""
        diffIDs = try Self.diffIDs(fields)
        history = try Self.history(fields)
        self.warnings = warnings
        self.bytes = bytes
    }

    /// What the image runs on; nil when the config does not say.
    package var platform: Platform? {
        os.isEmpty || architecture.isEmpty ? nil : Platform(os: os, architecture: architecture, variant: variant)
    }

    private static func environment(_ entries: [String], _ warnings: inout [Diagnostic]) -> [String] {
        entries.filter { entry in
            if let equals = entry.utf8.firstIndex(of: UInt8(ascii: "=")), equals != entry.startIndex { return true }
            warnings.append(
                Diagnostic(
                    code: "odd-environment",
                    message: "the image’s environment entry ‘\(entry.prefix(80))’ is not NAME=value and was left out"))
            return false
        }
    }

    private static func absolute(_ path: String, _ warnings: inout [Diagnostic]) -> String {
        var parts: [Substring] = []
        var climbs = false
        for part in path.split(separator: "/") where part != "." {
            if part == ".." {
                climbs = true
                _ = parts.popLast()
            } else {
                parts.append(part)
            }
        }
        let result = "/" + parts.joined(separator: "/")
        if climbs {
            warnings.append(
                Diagnostic(
                    code: "odd-working-directory",
                    message: "the image’s working directory ‘\(path.prefix(200))’ was read as ‘\(result.prefix(200))’"))
        }
        return result
    }

    private static func diffIDs(_ fields: DocumentFields) throws(DocumentError) -> [Digest] {
        let root = try DocumentFields(try fields.required("rootfs"), "‘rootfs’ of the image’s config")
        var digests: [Digest] = []
        for json in try root.array("diff_ids") ?? [] {
            guard let text = json.string else { throw root.wrongType("diff_ids", json, "an array of strings") }
            do throws(DigestError) {
                digests.append(try Digest(parsing: text))
            } catch {
                throw DocumentError(.malformed, "a diff id: \(error.diagnostic.message)", at: json.position)
            }
        }
        return digests
    }

    private static func history(_ fields: DocumentFields) throws(DocumentError) -> [HistoryEntry] {
        var entries: [HistoryEntry] = []
        for json in try fields.array("history") ?? [] {
            let entry = try DocumentFields(json, "an entry of ‘history’")
            entries.append(
                HistoryEntry(
                    createdBy: try entry.string("created_by") ?? "",
                    isEmptyLayer: try entry.bool("empty_layer") ?? false))
        }
        return entries
    }
}
