/// A little shell script that runs one program of the image, wherever the image's root lies when it is called.
///
/// The supervisor exports `SCAR_ROOT` and puts the shims first on PATH. A dynamic program is started through the
/// image's own loader: the kernel would look for one at the absolute path inside the program, which is another's.
package struct Shim: Equatable, Sendable {
    /// The name it is called by.
    package var name: String
    package var text: [UInt8]

    /// The shim of a program.
    package init(name: String, program: Program) {
        self.name = name
        var words: [String]
        switch program.kind {
        case .fixed: words = [Self.inRoot(program.path)]
        case .loaded(let loading):
            // The shim's own path as argument zero: a program that starts itself again then comes by here once more.
            let nameOption = loading.loader.takesArgumentZero ? ["--argv0 \"$0\""] : []
            words = Self.words(loading) + nameOption + [Self.inRoot(program.path)]
        case .script(let interpreter, let argument):
            words = interpreter.loading.map(Self.words) ?? []
            words.append(Self.inRoot(interpreter.path))
            if let argument { words.append(Self.quoted(argument)) }
            words.append(Self.inRoot(program.path))
        }
        words.append("\"$@\"")
        let lines = [
            "#!/bin/sh", "# Runs a program of the image from where its root lies.",
            ": \"${SCAR_ROOT:?names the folder of the image and is not set}\"",
            "exec " + words.joined(separator: " \\\n    "), "",
        ]
        text = Array(lines.joined(separator: "\n").utf8)
    }

    /// The loader and its options (ld.so(8); for musl, `ldso/dynlink.c`).
    private static func words(_ loading: Program.Loading) -> [String] {
        // A folder with a separator in its name cannot be said in a library path.
        let folders = loading.libraryPath.folders.filter { !$0.contains(":") && !$0.contains(";") }
        let list = folders.map { folder in "$SCAR_ROOT/\(escaped(folder))" }.joined(separator: ":")
        // The host's cache of libraries is about the host's libraries.
        let cache = loading.loader.family == .glibc ? ["--inhibit-cache"] : []
        return [inRoot(loading.loader.path)] + cache + ["--library-path \"\(list)\""]
    }

    private static func inRoot(_ path: String) -> String { "\"$SCAR_ROOT/\(escaped(path))\"" }

    private static func quoted(_ text: String) -> String { "\"\(escaped(text))\"" }

    /// Text for between double quotes (POSIX, Shell Command Language, 2.2.3).
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            if "\\\"$`".unicodeScalars.contains(character) { escaped += "\\" }
            escaped.unicodeScalars.append(character)
        }
        return escaped
    }
}
