internal import ELF

/// A program of an image, and what it takes to run it once the image's root has moved.
package struct Program: Equatable, Sendable {
    /// How it is started.
    package enum Kind: Equatable, Sendable {
        /// It needs nothing but itself.
        case fixed
        /// The image's loader must start it.
        case loaded(Loading)
        /// It is a script: its interpreter must be started, with the `#!` line's argument.
        case script(interpreter: Interpreter, argument: String?)
    }

    /// What a script is run by.
    package struct Interpreter: Equatable, Sendable {
        /// Relative to the root, as the script names it.
        package var path: String
        /// How it is loaded; nil when it is static.
        package var loading: Loading?
    }

    /// How a dynamic program is started.
    package struct Loading: Equatable, Sendable {
        package var loader: DynamicLoader
        package var libraryPath: LibraryPath
    }

    /// Relative to the root, as it is called: links are kept, because programs look at their own name.
    package var path: String
    package var kind: Kind

    /// What a Docker image without PATH searches.
    static let standardPath = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

    /// Libraries that it needs and the image does not have: it will not start.
    package var missing: [LibraryPath.Missing] {
        switch kind {
        case .fixed: []
        case .loaded(let loading): loading.libraryPath.missing
        case .script(let interpreter, _): interpreter.loading?.libraryPath.missing ?? []
        }
    }

    /// Looks at a program.
    ///
    /// - Parameters:
    ///   - name: a path in the image, or a name to look up on `searchPath`.
    ///   - searchPath: the folders of the image's PATH.
    ///   - libraryFolders: the folders of the image's LD_LIBRARY_PATH.
    ///   - root: the image.
    /// - Returns: nil when the image has no such file.
    /// - Throws: when it is there but is nothing that could be run.
    package static func find(
        _ name: String, searchPath: [String], libraryFolders: [String], in root: RootView
    ) throws(PackagerError) -> Program? {
        guard let path = locate(name, searchPath, root), let real = root.file(path)?.path else { return nil }
        let start = try root.bytes(real, at: 0, count: 256)
        if ELFFile.isELF(start) {
            let loading = try loading(real, libraryFolders, root)
            return Program(path: path, kind: loading.map { .loaded($0) } ?? .fixed)
        }
        guard start.starts(with: "#!".utf8) else {
            throw PackagerError(
                .unsupportedProgram, "/\(path) of the image is neither an ELF program nor a script with a ‘#!’ line")
        }
        return try script(path, start, searchPath, libraryFolders, root)
    }

    private static func locate(_ name: String, _ searchPath: [String], _ root: RootView) -> String? {
        let candidates = name.contains("/") ? [name] : searchPath.map { "\($0)/\(name)" }
        for candidate in candidates {
            guard let file = root.file(candidate) else { continue }
            let components = candidate.split(separator: "/").filter { $0 != "." }
            // At run time nothing stops `..` at the moved root; the path without links has none.
            return components.contains("..") ? file.path : components.joined(separator: "/")
        }
        return nil
    }

    private static func loading(
        _ path: String, _ libraryFolders: [String], _ root: RootView
    ) throws(PackagerError) -> Loading? {
        let file = try ELFFile(path, in: root)
        guard let interpreter = file.interpreter else { return nil }
        let named =
            interpreter.starts(with: root.prefix.utf8) ? interpreter[root.prefix.utf8.count...] : interpreter[...]
        let loader = try DynamicLoader(String(decoding: named, as: UTF8.self), of: path, in: root)
        return Loading(
            loader: loader,
            libraryPath: try LibraryPath(of: path, file, loader: loader, environment: libraryFolders, in: root))
    }

    /// Reads the `#!` line as Linux does: a path, and all the rest as one argument (execve(2)).
    ///
    /// `/usr/bin/env NAME` is looked through, because env itself would search the host's PATH.
    private static func script(
        _ path: String, _ start: [UInt8], _ searchPath: [String], _ libraryFolders: [String], _ root: RootView
    ) throws(PackagerError) -> Program {
        let line = String(decoding: start.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") && $0 != 0 }, as: UTF8.self)
        var words = line.split(maxSplits: 1, whereSeparator: \.isWhitespace).map { trimmed(String($0)) }
        if let first = words.first, first.hasSuffix("/env"), words.count == 2 {
            let named = words[1].hasPrefix("-S ") ? trimmed(String(words[1].dropFirst(3))) : words[1]
            words = named.split(maxSplits: 1, whereSeparator: \.isWhitespace).map { trimmed(String($0)) }
        }
        guard let name = words.first, let interpreter = locate(name, searchPath, root),
            let real = root.file(interpreter)?.path
        else {
            throw PackagerError(
                .programMissing,
                "/\(path) of the image is a script for ‘\(words.first ?? "")’, which is not in the image",
                hint: "it may have been pruned: name it in ‘prune.keep’")
        }
        guard ELFFile.isELF(try root.bytes(real, at: 0, count: 4)) else {
            throw PackagerError(
                .unsupportedProgram,
                "/\(path) of the image is a script whose interpreter /\(interpreter) is a script itself")
        }
        return Program(
            path: path,
            kind: .script(
                interpreter: Interpreter(path: interpreter, loading: try loading(real, libraryFolders, root)),
                argument: words.count > 1 ? words[1] : nil))
    }

    private static func trimmed(_ text: String) -> String {
        var text = Substring(text)
        while text.last?.isWhitespace == true { text.removeLast() }
        while text.first?.isWhitespace == true { text.removeFirst() }
        return String(text)
    }
}
