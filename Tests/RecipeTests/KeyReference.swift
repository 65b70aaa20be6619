import JSON
import Recipe

/// The table of keys as the page docs/recipe.md shows it.
enum KeyReference {
    static var markdown: String { section("The recipe", RecipeSchema.recipe, path: "") }

    private static func section(_ title: String, _ object: SchemaObject, path: String) -> String {
        var text = "\n### \(title)\n\n| key | value | |\n|---|---|---|\n"
        for key in object.keys {
            text += "| `\(key.name)` | \(value(key)) | \(key.summary)\(choices(key.kind)) |\n"
        }
        for key in object.keys {
            guard let inner = key.kind.object else { continue }
            let innerPath = path.isEmpty ? key.name : "\(path).\(key.name)"
            text += section("`\(innerPath)`", inner, path: innerPath)
        }
        return text + (path.isEmpty ? "\n" : "")
    }

    private static func value(_ key: SchemaKey) -> String {
        switch key.presence {
        case .required: "\(kind(key.kind)), **required**"
        case .optional: kind(key.kind)
        case .defaulting(let value):
            switch value.value {
            case .object: kind(key.kind)
            case .array(let elements) where elements.isEmpty: kind(key.kind)
            default: "\(kind(key.kind)), default `\(String(decoding: value.text(), as: UTF8.self))`"
            }
        }
    }

    private static func kind(_ kind: SchemaKind) -> String {
        switch kind {
        case .text(let rule): rule.description
        case .choice: "one of the following"
        case .integer(let range, let unit): "\(range.lowerBound) to \(range.upperBound) \(unit)"
        case .integerChoice(let numbers, let unit): numbers.map(String.init).joined(separator: ", ") + " \(unit)"
        case .size(let range, let powerOfTwo):
            "size, \(ByteSize.text(range.lowerBound)) to \(ByteSize.text(range.upperBound))\(powerOfTwo ? ", power of two" : "")"
        case .time(let range):
            "time in UTC, \(UTCTime.text(range.lowerBound)) to \(UTCTime.text(range.upperBound)), or seconds since 1970"
        case .boolean: "true or false"
        case .list(let element, let count):
            "list of \(count.lowerBound) to \(count.upperBound): \(KeyReference.kind(element))"
        case .object: "object, see below"
        case .document(let most): "object of at most \(most) bytes"
        case .map(let name, _, _): "object of strings; each name is \(name.description)"
        }
    }

    private static func choices(_ kind: SchemaKind) -> String {
        if case .list(let element, _) = kind { return self.choices(element) }
        guard case .choice(let choices) = kind else { return "" }
        let lines = choices.map { $0.summary.isEmpty ? "`\($0.name)`" : "`\($0.name)`: \($0.summary)" }
        return "<br>" + lines.joined(separator: "<br>")
    }
}
