/// The folders that an image's own configuration adds to the loader's search.
struct LoaderConfiguration {
    private let root: RootView
    private var folders: [String] = []
    /// Files read already: files may include each other in circles.
    private var read: Set<String> = []

    /// More than any configuration has.
    private static let mostBytes = 1 << 20
    private static let mostFiles = 1024

    /// Folders in the order they are searched: `/etc/ld.so.conf` of glibc, `/etc/ld-musl-<machine>.path` of musl.
    ///
    /// For musl the file replaces the defaults; nil when there is none. ld.so(8), ldconfig(8), musl's manual.
    static func folders(for loader: DynamicLoader, in root: RootView) throws(PackagerError) -> [String]? {
        switch loader.family {
        case .glibc:
            var configuration = LoaderConfiguration(root: root)
            try configuration.add("etc/ld.so.conf")
            return configuration.folders
        case .musl:
            // ld-musl-x86_64.so.1 reads ld-musl-x86_64.path.
            let stem = loader.name.split(separator: ".").first ?? ""
            guard let bytes = try root.contents("etc/\(stem).path", limit: mostBytes) else { return nil }
            return bytes.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: ":") }
                .map { String(decoding: $0, as: UTF8.self) }
        }
    }

    private init(root: RootView) { self.root = root }

    private mutating func add(_ path: String) throws(PackagerError) {
        guard read.count < Self.mostFiles, let file = root.file(path), read.insert(file.path).inserted,
            let bytes = try root.contents(file.path, limit: Self.mostBytes)
        else { return }
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let text = String(decoding: line.prefix { $0 != UInt8(ascii: "#") }, as: UTF8.self)
            let words = text.split { " \t\r,:".contains($0) }.map(String.init)
            guard let first = words.first else { continue }
            switch first {
            case "include":
                for pattern in words.dropFirst() { try include(pattern, from: path) }
            case "hwcap": continue
            default: folders += words.filter { $0.hasPrefix("/") }
            }
        }
    }

    private mutating func include(_ pattern: String, from path: String) throws(PackagerError) {
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        let whole = pattern.hasPrefix("/") ? pattern : "\(folder)/\(pattern)"
        for file in matches(whole) { try add(file) }
    }

    /// The files that a pattern means, in byte order, as glob(3) sorts them.
    private func matches(_ pattern: String) -> [String] {
        var paths = [""]
        for component in pattern.split(separator: "/").map(String.init) {
            paths = paths.flatMap { folder -> [String] in
                guard component.contains(where: { $0 == "*" || $0 == "?" }) else {
                    return [Self.join(folder, component)]
                }
                guard let real = root.folder(folder) else { return [] }
                return root.names(real)
                    .filter { Wildcard.matches(Array($0.utf8), Array(component.utf8)) && !$0.hasPrefix(".") }
                    .map { Self.join(folder, $0) }
            }
            // A pattern of nothing but stars must not list the whole image.
            paths = Array(paths.prefix(1024))
        }
        return paths
    }

    private static func join(_ folder: String, _ name: String) -> String {
        folder.isEmpty ? name : "\(folder)/\(name)"
    }
}

/// Shell patterns of `*` and `?` within one name.
enum Wildcard {
    /// Whether a pattern matches a whole name.
    ///
    /// It takes time proportional to the product of their lengths at most.
    static func matches(_ name: [UInt8], _ pattern: [UInt8]) -> Bool {
        var (inName, inPattern) = (0, 0)
        var star: (pattern: Int, name: Int)?
        while inName < name.count {
            if inPattern < pattern.count, pattern[inPattern] == UInt8(ascii: "*") {
                star = (inPattern, inName)
                inPattern += 1
            } else if inPattern < pattern.count,
                pattern[inPattern] == UInt8(ascii: "?") || pattern[inPattern] == name[inName]
            {
                inName += 1
                inPattern += 1
            } else if let last = star {
                // Let the last star take one byte more, and try again.
                star = (last.pattern, last.name + 1)
                inName = last.name + 1
                inPattern = last.pattern + 1
            } else {
                return false
            }
        }
        return pattern[inPattern...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
