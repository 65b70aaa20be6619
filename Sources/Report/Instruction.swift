/// The command that made a layer, as people write it in a Dockerfile.
enum Instruction {
    /// `/bin/sh -c #(nop) ADD file:… in /` is `ADD file:… in /`, `/bin/sh -c apt-get …` is `RUN apt-get …`, and what
    /// BuildKit writes loses its remark.
    static func text(_ createdBy: String) -> String {
        var text = SafeText.line(createdBy).split(whereSeparator: { $0 == " " }).joined(separator: " ")
        for remark in [" # buildkit"] where text.hasSuffix(remark) { text = String(text.dropLast(remark.count)) }
        for (head, replacement) in [
            ("/bin/sh -c #(nop) ", ""), ("RUN /bin/sh -c ", "RUN "), ("/bin/sh -c ", "RUN "),
        ] where text.hasPrefix(head) {
            return replacement + text.dropFirst(head.count)
        }
        return text
    }
}

extension Inspection {
    /// The command that made a layer; empty when nobody says.
    package func instruction(of layer: Int) -> String { Instruction.text(survey.layers[layer].instruction) }
}
