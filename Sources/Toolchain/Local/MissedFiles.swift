package import LayerFS

/// Which of the files that pruning took a function has asked for: why a test of a pruned package fails.
package struct MissedFiles {
    /// One of them.
    package struct File: Sendable, Equatable {
        /// Relative to the root; as it stands in ‘prune.keep’.
        package var path: String
        /// What removed it.
        package var rule: String
    }

    private let lines: [[UInt8]: PruneAccount.Line]
    private let libraryFolders: [[UInt8]]

    /// - Parameters:
    ///   - removed: the account of pruning.
    ///   - libraryFolders: where the image's loader looks for libraries, relative to the root.
    package init(_ removed: [PruneAccount.Line], libraryFolders: [[UInt8]]) {
        lines = Dictionary(removed.map { ($0.path, $0) }) { first, _ in first }
        self.libraryFolders = libraryFolders
    }

    /// Those that were asked for, the last first: it is the last one that a program gives up at.
    ///
    /// - Parameters:
    ///   - noted: what the path library has noted down, an absolute path a line. It comes out of the cage: any bytes.
    ///   - log: what the function said; a loader names the libraries that it misses.
    package func files(noted: [UInt8], log: String) -> [File] {
        var files: [File] = []
        var seen: Set<String> = []
        func add(_ path: [UInt8]) {
            for way in Self.ways(to: path) {
                guard let rule = rule(of: way), let text = String(validating: way, as: UTF8.self) else { continue }
                if seen.insert(text).inserted { files.append(File(path: text, rule: rule)) }
                return
            }
        }
        for library in Self.libraries(in: log) {
            for folder in libraryFolders { add(folder + [UInt8(ascii: "/")] + library) }
        }
        for line in noted.split(separator: UInt8(ascii: "\n")).reversed() where line.count < Self.pathLimit {
            add(Array(line))
        }
        return files
    }

    /// `PATH_MAX`: nothing is asked for by a longer path.
    private static let pathLimit = 4096

    private func rule(of path: [UInt8]) -> String? {
        let components = path.split(separator: UInt8(ascii: "/"))
        for count in stride(from: components.count, to: 0, by: -1) {
            if let line = lines[Array(components[..<count].joined(separator: [UInt8(ascii: "/")]))] { return line.rule }
        }
        return nil
    }

    /// A path without empty components and dots; and below `usr`, where distributions have merged those folders.
    private static func ways(to path: [UInt8]) -> [[UInt8]] {
        var components: [ArraySlice<UInt8>] = []
        for component in path.split(separator: UInt8(ascii: "/")) {
            switch component {
            case let dot where dot.elementsEqual(".".utf8): break
            case let dots where dots.elementsEqual("..".utf8): _ = components.popLast()
            default: components.append(component)
            }
        }
        let plain = Array(components.joined(separator: [UInt8(ascii: "/")]))
        let isMerged = ["bin", "sbin", "lib", "lib64"].contains { components.first?.elementsEqual($0.utf8) == true }
        return isMerged ? [plain, Array("usr/".utf8) + plain] : [plain]
    }

    /// Names in a text that are libraries'.
    private static func libraries(in log: String) -> [[UInt8]] {
        let words = log.utf8.split { !($0 > 0x20 && $0 < 0x7f) || Array("/:'\"()[],;".utf8).contains($0) }
        return words.filter { $0.count < 256 && String($0)?.contains(".so") == true }.map { Array($0) }
    }
}
