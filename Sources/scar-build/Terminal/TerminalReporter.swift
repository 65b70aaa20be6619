internal import ByteKit
internal import Glibc
internal import Toolchain

/// Shows progress on stderr: one line that moves on a terminal, one line a finished step elsewhere.
final class TerminalReporter: Sendable {
    private let isQuiet: Bool
    private let hasColor: Bool
    private let layers = Monitor(Layers())

    private typealias Layers = [Digest: (done: Int, total: Int)]

    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        let refusesColor = unsafe getenv("NO_COLOR") != nil
        hasColor = StandardError.isTerminal && !refusesColor
    }

    var handler: ProgressHandler {
        { [self] event in show(event) }
    }

    private func show(_ event: ProgressEvent) {
        guard !isQuiet else { return }
        layers.withLock { layers in
            if case .layerRead(let layer, let done, let total) = event {
                layers[layer] = (done, total)
                if StandardError.isTerminal { drawBar(layers) }
                return
            }
            if case .layerCompiled(let layer, _, _) = event { layers[layer] = nil }
            guard let line = text(of: event) else { return }
            StandardError.write(line + "\n")
        }
    }

    private func text(of event: ProgressEvent) -> String? {
        switch event {
        case .resolving: nil
        case .resolved(let image, let manifest, let layers, let bytes):
            step("resolve", "\(image)  \(manifest)  \(layers) layers, \(ByteCount.text(bytes))")
        case .layerCached(let layer): step("reuse", "\(short(layer))  compiled before")
        case .layerRead: nil
        case .layerCompiled(let layer, let entries, let bytes):
            step("compile", "\(short(layer))  \(entries) entries, \(ByteCount.text(bytes))")
        case .linking: nil
        case .linked(let files, let unpacked, let removed):
            step(
                "link",
                "\(files) files, \(ByteCount.text(unpacked))"
                    + (removed > 0 ? ", \(ByteCount.text(removed)) removed" : ""))
        case .launcher(let name, let reason): step("launcher", "\(name)  \(Diagnostic.printable(reason))")
        case .tried(let form, let reason): step("try", "\(form)  does not fit: \(Diagnostic.printable(reason))")
        case .packaged(let form, let reason): step("package", "\(form)  \(reason)")
        case .wrote(let path, let bytes): step("write", "\(Diagnostic.printable(path))  \(ByteCount.text(bytes))")
        case .unchanged(let path): step("keep", "\(Diagnostic.printable(path))  built from the same before")
        case .traced(let test, let files):
            step("trace", "\(Diagnostic.printable(test))  \(files) files opened")
        case .fitted(let profile): step("fit", "profile \(profile) fits")
        case .unpacked(let folder, let files, let folders, let bytes):
            step(
                "unpack",
                "\(Diagnostic.printable(folder))  \(files) files, \(folders) folders, \(ByteCount.text(bytes))")
        case .warning(let text): paint("warning: ", "33") + Diagnostic.printable(text)
        }
    }

    private func step(_ name: String, _ text: String) -> String {
        paint(String(repeating: " ", count: max(0, 8 - name.count)) + name, "1;36") + "  " + text
    }

    private func paint(_ text: String, _ code: String) -> String { hasColor ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text }

    private func short(_ digest: Digest) -> String { String(digest.hex.prefix(12)) }

    private func drawBar(_ layers: Layers) {
        let done = layers.values.reduce(0) { $0 + $1.done }
        let total = max(1, layers.values.reduce(0) { $0 + $1.total })
        let filled = done * 30 / total
        let bar = String(repeating: "━", count: filled) + String(repeating: " ", count: 30 - filled)
        StandardError.show(step("pull", "\(bar) \(ByteCount.text(done)) of \(ByteCount.text(total))"))
    }
}
