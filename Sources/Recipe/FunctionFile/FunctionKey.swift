/// One key of a function file and what becomes of it: the reader, the messages and docs/from-scar.md follow this table.
package struct FunctionKey: Sendable {
    package indirect enum Fate: Sendable {
        /// The same value is the recipe's, under this key.
        case same(String)
        /// The value says something in a recipe as well, in other words: how.
        case read(SchemaKind, String)
        /// Keys inside.
        case section([FunctionKey])
        /// A list of objects with these keys.
        case list([FunctionKey])
        /// It has no meaning any more: why, or what does its work.
        case dropped(String)
    }

    package let name: String
    package let fate: Fate

    init(_ name: String, _ fate: Fate) {
        self.name = name
        self.fate = fate
    }

    /// What the value may be. A key of the recipe is held against the recipe's own rule.
    var kind: SchemaKind {
        switch fate {
        case .same(let path): RecipeSchema.kind(at: path)
        case .read(let kind, _): kind
        case .section(let keys): .object(Self.object(name, keys))
        case .list(let keys): .list(.object(Self.object("an entry of ‘\(name)’", keys)), count: 0...256)
        // It is taken out before anything is checked.
        case .dropped: .boolean
        }
    }

    private static func object(_ name: String, _ keys: [FunctionKey]) -> SchemaObject {
        SchemaObject(name.contains(" ") ? name : "‘\(name)’", keys.map { SchemaKey($0.name, $0.kind, $0.summary) })
    }

    private var summary: String {
        switch fate {
        case .same(let path): "a recipe's `\(path)`"
        case .read(_, let how): how
        default: ""
        }
    }
}

extension RecipeSchema {
    /// What the value at a path of keys may be. The paths are constants of the table below, which the tests go through.
    static func kind(at path: String) -> SchemaKind {
        var object: SchemaObject? = recipe
        var kind = SchemaKind.boolean
        for name in path.split(separator: ".") {
            guard let key = object?.keys.first(where: { $0.name == name }) else {
                preconditionFailure("a recipe has no key \(path)")
            }
            (kind, object) = (key.kind, key.kind.object)
        }
        return kind
    }
}
