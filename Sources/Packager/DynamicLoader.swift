internal import ELF

/// The dynamic loader of an image: the program that loads its programs.
package struct DynamicLoader: Equatable, Sendable {
    package enum Family: Sendable {
        case glibc, musl
    }

    package var family: Family
    /// Where it is in the image, links followed, without leading slash.
    package var path: String
    /// The name that programs ask for, as in `ld-linux-x86-64.so.2`.
    package var name: String
    /// Whether it has the option `--argv0`: glibc from 2.33 on, musl from 1.2.
    package var takesArgumentZero: Bool

    /// The loader that a program of this image asks for.
    init(_ interpreter: String, of program: String, in root: RootView) throws(PackagerError) {
        let name = interpreter.split(separator: "/").last.map(String.init) ?? ""
        guard let file = root.file(interpreter) else {
            throw PackagerError(
                .libraryMissing, "/\(program) asks for the loader \(interpreter), which is not in the image",
                hint: "it may have been pruned: name it in ‘prune.keep’")
        }
        if name.hasPrefix("ld-musl-") {
            family = .musl
        } else if name.hasPrefix("ld-linux") || name.hasPrefix("ld64.so") || name == "ld.so.1" {
            family = .glibc
        } else {
            throw PackagerError(
                .unsupportedProgram,
                "/\(program) asks for the loader \(interpreter), which is neither glibc's nor musl's")
        }
        path = file.path
        self.name = name
        let bytes = try root.contents(file.path, limit: Self.mostBytes) ?? []
        // Not to be had from a version number: distributions carry it back, and a loader knows its own options. musl
        // compares what comes after the dashes.
        let option = family == .musl ? "argv0\0" : "--argv0"
        takesArgumentZero = bytes.firstRange(of: Array(option.utf8)) != nil
    }

    /// Larger than any loader; glibc's is a quarter of a megabyte.
    private static let mostBytes = 16 << 20

    /// The folders that the loader searches when nothing else names a library.
    ///
    /// For glibc it is what the distributions build in; those that are not there are skipped later. ld.so(8).
    func defaultFolders(_ program: ELFFile) -> [String] {
        if family == .musl { return ["lib", "usr/local/lib", "usr/lib"] }
        let own = path.split(separator: "/").dropLast().joined(separator: "/")
        let triplets: [String] =
            switch (program.machine, program.is64Bit) {
            case (62, true): ["x86_64-linux-gnu"]
            case (183, _): ["aarch64-linux-gnu"]
            case (3, _): ["i386-linux-gnu"]
            case (40, _): ["arm-linux-gnueabihf", "arm-linux-gnueabi"]
            default: []
            }
        let multiarch = triplets.flatMap { ["lib/\($0)", "usr/lib/\($0)"] }
        let wide = program.is64Bit ? ["lib64", "usr/lib64"] : ["lib32", "usr/lib32"]
        return multiarch + wide + ["lib", "usr/lib", own]
    }

    /// What `$LIB` may stand for in a library path (ld.so(8), "Dynamic string tokens").
    func libraryTokens(_ program: ELFFile) -> [String] {
        program.machine == 183
            ? ["lib", "lib64", "lib/aarch64-linux-gnu"]
            : program.is64Bit ? ["lib", "lib64", "lib/x86_64-linux-gnu"] : ["lib", "lib32", "lib/i386-linux-gnu"]
    }
}
