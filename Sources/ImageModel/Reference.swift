internal import Glibc

package import ByteKit

/// The name of an image: registry, repository, and a tag or a digest or both.
///
/// Parsed by the rules of the distribution project's `reference` package, which Docker, Podman and containerd share:
/// what has no registry is on Docker Hub, what has neither tag nor digest is `latest`. Parts are ASCII by grammar, so
/// look-alike letters never get further than here.
package struct Reference: Hashable, Sendable, CustomStringConvertible {
    /// Host, with the port if one was given: `docker.io`, `127.0.0.1:5000`, `[::1]:5000`. Lower case.
    package let registry: String
    /// The path below the registry: `library/ffmpeg`.
    package let repository: String
    /// The tag; nil when only a digest names the image.
    package let tag: String?
    /// The digest of the manifest or index. When there is one it decides, and the tag is only what people read.
    package let digest: Digest?

    /// Parses what a person writes: `ffmpeg`, `ghcr.io/a/b:1.2`, `localhost:5000/x@sha256:…`.
    package init(parsing text: String) throws(ReferenceError) {
        var parser = ReferenceParser(text: text)
        self = try parser.reference()
    }

    init(registry: String, repository: String, tag: String?, digest: Digest?) {
        self.registry = registry
        self.repository = repository
        self.tag = tag
        self.digest = digest
    }

    /// The same image, bound to one digest.
    package func pinned(to digest: Digest) -> Reference {
        Reference(registry: registry, repository: repository, tag: tag, digest: digest)
    }

    /// Another document of the same repository, by its digest alone.
    package func inRepository(_ digest: Digest) -> Reference {
        Reference(registry: registry, repository: repository, tag: nil, digest: digest)
    }

    /// What a registry calls it in a manifest request: the digest when there is one, otherwise the tag.
    package var identifier: String { digest?.description ?? tag ?? ReferenceParser.defaultTag }

    /// The canonical form, with nothing left out: `docker.io/library/ffmpeg:latest`.
    package var description: String {
        registry + "/" + repository + (tag.map { ":" + $0 } ?? "") + (digest.map { "@\($0)" } ?? "")
    }
}

/// The grammar, step by step; the text is known to be printable ASCII after the first one.
private struct ReferenceParser {
    static let defaultTag = "latest"
    /// A whole reference; the parts have their own limits.
    private static let maximumLength = 1024
    /// distribution/reference, `RepositoryNameTotalLengthMax`.
    private static let maximumRepositoryLength = 255
    private static let maximumTagLength = 128

    let text: String

    mutating func reference() throws(ReferenceError) -> Reference {
        try checkCharacters()
        var name = text[...]
        var digest: Digest?
        if let at = name.firstIndex(of: "@") {
            digest = try parseDigest(name[name.index(after: at)...])
            name = name[..<at]
        }
        var tag: String?
        let lastSlash = name.lastIndex(of: "/") ?? name.startIndex
        if let colon = name[lastSlash...].lastIndex(of: ":") {
            tag = try parseTag(name[name.index(after: colon)...])
            name = name[..<colon]
        }
        let (registry, repository) = try splitRegistry(name)
        try checkRepository(repository)
        if tag == nil && digest == nil { tag = Self.defaultTag }
        return Reference(registry: registry, repository: repository, tag: tag, digest: digest)
    }

    private func fail(_ reason: String, hint: String? = nil) -> ReferenceError {
        ReferenceError(code: .reference, text: text, reason: reason, hint: hint)
    }

    private func checkCharacters() throws(ReferenceError) {
        guard !text.isEmpty else { throw fail("it is empty") }
        guard text.utf8.count <= Self.maximumLength else { throw fail("it is longer than \(Self.maximumLength) bytes") }
        for scalar in text.unicodeScalars where !(0x21...0x7e).contains(scalar.value) {
            let code = String(scalar.value, radix: 16, uppercase: true)
            throw fail(
                "U+\(String(repeating: "0", count: max(0, 4 - code.count)))\(code) cannot stand in an image name")
        }
        if text.contains("://") {
            throw fail("it is a URL", hint: "write the image’s name without the scheme: registry.example/name:tag")
        }
    }

    private func parseDigest(_ text: Substring) throws(ReferenceError) -> Digest {
        do throws(DigestError) {
            return try Digest(parsing: text)
        } catch {
            throw fail(error.diagnostic.message)
        }
    }

    private func parseTag(_ tag: Substring) throws(ReferenceError) -> String {
        let isValid =
            (1...Self.maximumTagLength).contains(tag.utf8.count)
            && tag.utf8.allSatisfy {
                $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
            }
            && tag.first != "." && tag.first != "-"
        guard isValid else {
            throw fail(
                "‘\(tag.prefix(140))’ is not a tag (1 to 128 letters, digits, ‘_’, ‘.’, ‘-’; not first ‘.’ or ‘-’)")
        }
        return String(tag)
    }

    /// A first part is a registry when it can be no namespace: it has a dot or a port, or is `localhost`.
    private func splitRegistry(_ name: Substring) throws(ReferenceError) -> (registry: String, repository: String) {
        guard let slash = name.firstIndex(of: "/"), Self.isRegistry(name[..<slash]) else {
            return (DockerHub.name, Self.hubRepository(String(name)))
        }
        let registry = DockerHub.canonicalName(of: name[..<slash].lowercased())
        let repository = String(name[name.index(after: slash)...])
        try checkRegistry(registry)
        return (registry, registry == DockerHub.name ? Self.hubRepository(repository) : repository)
    }

    private static func isRegistry(_ first: Substring) -> Bool {
        first == "localhost" || first.utf8.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") }
    }

    private static func hubRepository(_ name: String) -> String {
        name.contains("/") || name.isEmpty ? name : DockerHub.officialNamespace + "/" + name
    }

    private func checkRegistry(_ registry: String) throws(ReferenceError) {
        var host = registry[...]
        if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") {
            let port = host[host.index(after: colon)...]
            let isNumber = port.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard isNumber, let number = Int(port), (1...65535).contains(number)
            else { throw fail("‘\(port)’ is not a port number") }
            host = host[..<colon]
        }
        guard Self.isAddress(host) || Self.isDomain(host) else { throw fail("‘\(host)’ is not a host name") }
    }

    /// An IPv6 address in brackets, without a zone.
    private static func isAddress(_ host: Substring) -> Bool {
        guard host.hasPrefix("["), host.hasSuffix("]") else { return false }
        var address = in6_addr()
        return unsafe inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &address) == 1
    }

    private static func isDomain(_ host: Substring) -> Bool {
        guard (1...253).contains(host.utf8.count) else { return false }
        return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") }
        }
    }

    private func checkRepository(_ repository: String) throws(ReferenceError) {
        guard !repository.isEmpty else { throw fail("the repository’s name is missing") }
        guard repository.utf8.count <= Self.maximumRepositoryLength
        else { throw fail("the repository’s name is longer than \(Self.maximumRepositoryLength) bytes") }
        if repository.utf8.contains(where: { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }) {
            throw fail("repository names are lower case", hint: "did you mean ‘\(repository.lowercased())’?")
        }
        for component in repository.split(separator: "/", omittingEmptySubsequences: false) {
            guard Self.isComponent(component) else {
                throw fail("‘\(component)’ is not a part of a repository’s name")
            }
        }
        let isIdentifier = repository.utf8.count == 64 + DockerHub.officialNamespace.utf8.count + 1
        if isIdentifier,
            (try? Digest(parsing: "sha256:" + repository.dropFirst(DockerHub.officialNamespace.count + 1))) != nil
        {
            throw fail("64 hexadecimal digits are an identifier, not a name", hint: "write name@sha256:…")
        }
    }

    /// Runs of letters and digits, joined by one `.`, one or two `_`, or any number of `-`.
    private static func isComponent(_ component: Substring) -> Bool {
        var separator: [UInt8] = []
        guard let first = component.utf8.first, let last = component.utf8.last, first.isASCIIAlphanumeric,
            last.isASCIIAlphanumeric
        else { return false }
        for byte in component.utf8 {
            guard !byte.isASCIIAlphanumeric else {
                separator = []
                continue
            }
            separator.append(byte)
            let isDashes = separator.allSatisfy { $0 == UInt8(ascii: "-") }
            guard isDashes || [[UInt8(ascii: ".")], Array("_".utf8), Array("__".utf8)].contains(separator)
            else { return false }
        }
        return true
    }
}

extension UInt8 {
    fileprivate var isASCIIAlphanumeric: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
}
