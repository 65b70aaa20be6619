/// The commands in a piece of shell script, as far as they can be told without running it.
///
/// Quotes, line continuations, comments, here-documents and operators are read; what stands in `$(…)` is text.
struct ShellText {
    /// One word list for each simple command, without redirections and without assignments before it.
    private(set) var commands: [[String]] = []

    private var words: [String] = []
    private var word: String?
    private var isRedirected = false
    private var endings: [String] = []

    init(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var joined = ""
        for line in lines {
            if let ending = endings.first {
                if line == ending { endings.removeFirst() }
                continue
            }
            if line.hasSuffix("\\") {
                joined += line.dropLast() + " "
                continue
            }
            read(joined + line)
            joined = ""
        }
    }

    private mutating func read(_ line: String) {
        var quote: Character?
        var rest = Array(line)[...]
        while let character = rest.popFirst() {
            switch (character, quote) {
            case ("'", "'"), ("\"", "\""): quote = nil
            case (_, "'"): word?.append(character)
            case ("\\", _): word = (word ?? "") + (rest.popFirst().map { String($0) } ?? "")
            case (_, "\""): word?.append(character)
            case ("'", nil), ("\"", nil):
                quote = character
                word = word ?? ""
            case ("#", nil) where word == nil: rest = []
            case (" ", nil), ("\t", nil): endWord()
            case ("<", nil) where rest.first == "<": readHere(&rest)
            case (">", nil), ("<", nil): redirect(&rest)
            case (";", nil), ("|", nil), ("&", nil), ("(", nil), (")", nil): endCommand()
            default: word = (word ?? "") + String(character)
            }
        }
        endCommand()
    }

    /// `<<'NAME'` and `<<NAME`: the lines up to NAME are no commands.
    private mutating func readHere(_ rest: inout ArraySlice<Character>) {
        endWord()
        rest = rest.dropFirst().drop { $0 == "-" || $0 == " " }
        let name = rest.prefix { !" \t>|;&".contains($0) }
        rest = rest.dropFirst(name.count)
        endings.append(String(name.filter { $0 != "'" && $0 != "\"" }))
    }

    private mutating func redirect(_ rest: inout ArraySlice<Character>) {
        // A number before it is a descriptor's.
        if word?.allSatisfy(\.isNumber) == true { word = nil }
        endWord()
        rest = rest.drop { ">&".contains($0) }
        isRedirected = true
    }

    private mutating func endWord() {
        guard let word else { return }
        if isRedirected { isRedirected = false } else { words.append(word) }
        self.word = nil
    }

    private mutating func endCommand() {
        endWord()
        isRedirected = false
        let reserved: Set = ["if", "then", "else", "elif", "fi", "for", "while", "do", "done", "!", "{", "}"]
        let command = words.drop { reserved.contains($0) || Self.isAssignment($0) }
        if !command.isEmpty { commands.append(Array(command)) }
        words = []
    }

    private static func isAssignment(_ word: String) -> Bool {
        guard let equals = word.firstIndex(of: "="), equals != word.startIndex else { return false }
        return word[..<equals].allSatisfy { $0 == "_" || $0.isLetter || $0.isNumber }
    }
}
