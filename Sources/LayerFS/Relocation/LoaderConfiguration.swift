internal import ByteKit

/// The folders that an image's own configuration adds to the loader's search.
struct LoaderConfiguration {
    private let tree: FileTree
    private let contents: TreeContents
    private var folders: [[UInt8]] = []
    /// Files read already: files may include each other in circles.
    private var read: Set<Int32> = []
    /// What may still be read, and how many names may still be held against patterns. Both are more than any
    /// configuration needs, and bound what a made-up one costs.
    private var bytesLeft = 1 << 20
    private var namesLeft = 1 << 16

    /// More than any configuration has.
    private static let mostFiles = 1024
    /// Linux's PATH_MAX, beyond which no pattern means anything.
    private static let longestPath = 4096

    /// Folders in the order they are searched: `/etc/ld.so.conf` of glibc, `/etc/ld-musl-<machine>.path` of musl.
    ///
    /// For musl the file replaces the defaults; nil when there is none. ld.so(8), ldconfig(8), musl's manual.
    static func folders(
        for loader: Relocation.Loader, in tree: FileTree, _ contents: TreeContents
    ) throws -> [[UInt8]]? {
        var configuration = LoaderConfiguration(tree, contents)
        switch loader.family {
        case .glibc:
            try configuration.add(Array("etc/ld.so.conf".utf8), depth: 0)
            return configuration.folders
        case .musl:
            // ld-musl-x86_64.so.1 reads ld-musl-x86_64.path.
            let stem = loader.name.split(separator: UInt8(ascii: ".")).first ?? []
            let path = Array("etc/".utf8) + stem + Array(".path".utf8)
            guard let node = tree.file(at: path), let bytes = try configuration.bytes(of: node) else { return nil }
            return bytes.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: ":") }.map { Array($0) }
        }
    }

    private init(_ tree: FileTree, _ contents: TreeContents) {
        self.tree = tree
        self.contents = contents
    }

    /// A whole small file; nil when it is larger than what may still be read.
    private mutating func bytes(of node: Int32) throws -> [UInt8]? {
        try Cancellation.check()
        guard let content = tree.inode(of: node).content else { return [] }
        let size = contents.size(of: content)
        guard size <= bytesLeft else { return nil }
        bytesLeft -= size
        return try contents.read(content, at: 0, count: size)
    }

    /// - Parameter depth: how many files include this one. Each file is read once, so circles end; this bounds the stack.
    private mutating func add(_ path: [UInt8], depth: Int) throws {
        guard depth < 64, read.count < Self.mostFiles, let node = tree.file(at: path), read.insert(node).inserted,
            let bytes = try bytes(of: node)
        else { return }
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let words = line.prefix { $0 != UInt8(ascii: "#") }.split { " \t\r,:".utf8.contains($0) }
            guard let first = words.first else { continue }
            if first.elementsEqual("include".utf8) {
                for pattern in words.dropFirst() { try include(Array(pattern), from: path, depth: depth) }
            } else if !first.elementsEqual("hwcap".utf8) {
                folders += words.filter { $0.first == UInt8(ascii: "/") }.map { Array($0) }
            }
        }
    }

    private mutating func include(_ pattern: [UInt8], from path: [UInt8], depth: Int) throws {
        let slash = UInt8(ascii: "/")
        let folder = path[..<(path.lastIndex(of: slash) ?? 0)]
        let whole = pattern.first == slash ? pattern : folder + [slash] + pattern
        for file in try matches(whole) { try add(file, depth: depth + 1) }
    }

    /// The files that a pattern means, in byte order, as glob(3) sorts them.
    private mutating func matches(_ pattern: [UInt8]) throws -> [[UInt8]] {
        guard pattern.count <= Self.longestPath else { return [] }
        var paths: [[UInt8]] = [[]]
        for component in pattern.split(separator: UInt8(ascii: "/")) {
            var longer: [[UInt8]] = []
            // A pattern of nothing but stars must not list the whole image.
            for folder in paths where longer.count < Self.mostFiles && namesLeft > 0 {
                try Cancellation.check()
                longer += matches(component, in: folder).prefix(Self.mostFiles - longer.count)
            }
            paths = longer
        }
        return paths
    }

    /// What one part of a pattern means in a folder.
    private mutating func matches(_ component: ArraySlice<UInt8>, in folder: [UInt8]) -> [[UInt8]] {
        namesLeft -= 1
        let start = folder.isEmpty ? folder : folder + [UInt8(ascii: "/")]
        guard component.contains(where: { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") })
        else { return [start + component] }
        guard let node = try? tree.find(folder[...]) else { return [] }
        let children = tree.children(of: node).prefix(namesLeft)
        namesLeft -= children.count
        return children.map { tree.name(of: $0) }
            .filter { name in
                name.first != UInt8(ascii: ".") && start.count + name.count <= Self.longestPath
                    && Wildcard.matches(name, component)
            }
            .map { start + $0 }
    }
}

/// Shell patterns of `*` and `?` within one name.
private enum Wildcard {
    /// Whether a pattern matches a whole name.
    ///
    /// It takes time proportional to the product of their lengths at most.
    static func matches(_ name: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        var (inName, inPattern) = (name.startIndex, pattern.startIndex)
        var star: (pattern: Int, name: Int)?
        while inName < name.endIndex {
            if inPattern < pattern.endIndex, pattern[inPattern] == UInt8(ascii: "*") {
                star = (inPattern, inName)
                inPattern += 1
            } else if inPattern < pattern.endIndex,
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
