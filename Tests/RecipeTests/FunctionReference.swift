import Recipe

/// The table of a function file's keys as the page docs/from-scar.md shows it.
enum FunctionReference {
    static var markdown: String {
        FunctionKeys.function.map { section in
            guard case .section(let keys) = section.fate else { return "" }
            return "\n### `\(section.name)`\n\n| key | what becomes of it |\n|---|---|\n" + rows(keys, path: "")
        }.joined() + "\n"
    }

    private static func rows(_ keys: [FunctionKey], path: String) -> String {
        keys.map { key in
            let name = path.isEmpty ? key.name : "\(path).\(key.name)"
            return switch key.fate {
            case .same(let recipeKey): "| `\(name)` | `\(recipeKey)` |\n"
            case .read(_, let how): "| `\(name)` | \(how) |\n"
            case .section(let inner): rows(inner, path: name)
            case .list(let inner): rows(inner, path: name + "[]")
            case .dropped(let reason): "| `\(name)` | no meaning, a warning: \(reason) |\n"
            }
        }.joined()
    }
}
