internal import ByteKit

/// The user's program, as far as its beginning and its name tell what it is.
struct Script {
    /// How it says what runs it.
    enum Form: Equatable {
        case elf
        /// A `#!` line: the interpreter's path and what follows it.
        case firstLine(interpreter: String, argument: String?)
        /// Nothing but its name.
        case bare
    }

    /// Its file name.
    let name: String
    let form: Form

    init(_ source: PackageInput.Source) throws(PackagerError) {
        name = source.path.split(separator: "/").last.map(String.init) ?? "script"
        do throws(FileError) {
            let file = try InputFile(source.file)
            form = Self.form(try file.read(count: min(4096, file.size), at: 0))
        } catch {
            throw PackagerError(error)
        }
    }

    private static func form(_ head: [UInt8]) -> Form {
        if head.starts(with: [0x7f] + Array("ELF".utf8)) { return .elf }
        guard head.starts(with: Array("#!".utf8)) else { return .bare }
        let line = String(decoding: head.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let words = line.split(maxSplits: 1, whereSeparator: \.isWhitespace)
        var argument = words.dropFirst().first
        while argument?.last?.isWhitespace == true { argument?.removeLast() }
        return .firstLine(
            interpreter: words.first.map(String.init) ?? "", argument: argument.map(String.init))
    }

    /// The program that reads the script according to its first line, `env` looked through; nil without such a line.
    var interpreter: String? {
        guard case .firstLine(let interpreter, let argument) = form else { return nil }
        guard interpreter.hasSuffix("/env"), let argument else { return interpreter }
        let words = argument.split(whereSeparator: \.isWhitespace).drop { $0 == "-S" || $0.contains("=") }
        return words.first.map(String.init)
    }

    /// Whether a launcher's language is the one that the script is written in.
    func isFor(_ launcher: Launcher) -> Bool {
        switch form {
        case .elf: false
        case .firstLine: launcher.owns(interpreter?.split(separator: "/").last.map(String.init) ?? "")
        case .bare: launcher.scriptKind(of: name) != nil
        }
    }

    /// Whether a launcher's worker runs it. A spare goes on as the language's own command would, and as no other.
    func hasWorker(of launcher: Launcher) -> Bool {
        guard isFor(launcher), let worker = launcher.worker else { return false }
        guard worker.isSpare, let name = interpreter?.split(separator: "/").last else { return true }
        return launcher.scripts.contains { kind in kind.commands.contains { $0[0] == name } }
    }
}
