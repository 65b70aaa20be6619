/// What a program in an image was built for. OCI image index specification, property `platform`.
package struct Platform: Hashable, Sendable, CustomStringConvertible {
    /// Go's name of the operating system: `linux`.
    package let os: String
    /// Go's name of the processor: `amd64`, `arm64`.
    package let architecture: String
    /// A finer kind of processor, when it differs from what the architecture says: `v7`, never `v8` for arm64.
    package let variant: String?

    package init(os: String, architecture: String, variant: String? = nil) {
        self.os = os.lowercased()
        let architecture = architecture.lowercased()
        let variant = variant.flatMap { $0.isEmpty ? nil : $0.lowercased() }
        // The names that uname and rpm use, as containerd normalises them.
        switch architecture {
        case "x86_64", "x86-64": self.architecture = "amd64"
        case "aarch64": self.architecture = "arm64"
        default: self.architecture = architecture
        }
        self.variant = variant == Self.baseline(of: self.architecture) ? nil : variant
    }

    /// Parses `os/architecture` or `os/architecture/variant`.
    package init(parsing text: String) throws(ReferenceError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let isWellFormed = parts.allSatisfy { part in
            (1...32).contains(part.utf8.count)
                && part.utf8.allSatisfy { byte in
                    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                        || [UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: ".")].contains(byte)
                }
        }
        guard isWellFormed, (2...3).contains(parts.count) else {
            throw ReferenceError(
                code: .platform, text: text, reason: "it is not os/architecture",
                hint: "write linux/amd64 or linux/arm64")
        }
        self.init(
            os: String(parts[0]), architecture: String(parts[1]), variant: parts.count == 3 ? String(parts[2]) : nil)
    }

    package var description: String { os + "/" + architecture + (variant.map { "/" + $0 } ?? "") }

    /// What builders write for entries that are no images, such as attestations.
    package var isUnknown: Bool { os == "unknown" || architecture == "unknown" }

    /// How well an image for `candidate` serves this platform; nil when it does not run there, higher is better.
    ///
    /// Variants are counted: an `amd64/v3` machine takes v1 to v3 and likes v3 best. A platform without a variant is
    /// the architecture's common one.
    package func suitability(of candidate: Platform) -> Int? {
        guard os == candidate.os, architecture == candidate.architecture else { return nil }
        if variant == candidate.variant { return .max }
        guard let wanted = level, let offered = candidate.level else { return nil }
        return offered <= wanted ? offered : nil
    }

    private var level: Int? {
        guard let name = variant ?? Self.baseline(of: architecture) else { return 0 }
        guard name.hasPrefix("v") else { return nil }
        return Int(name.dropFirst())
    }

    private static func baseline(of architecture: String) -> String? {
        switch architecture {
        case "amd64": "v1"
        case "arm64": "v8"
        case "arm": "v7"
        default: nil
        }
    }
}
