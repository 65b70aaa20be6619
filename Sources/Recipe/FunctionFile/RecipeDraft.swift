internal import JSON

/// A recipe's document in the making: values at paths, which keep the place they came from.
struct RecipeDraft {
    private var members: [JSON.Member] = []
    /// Where the recipe stands.
    var position = JSON.Position.none

    /// In the order of the recipe's table, whatever the order in which values were set.
    var json: JSON { RecipeSchema.recipe.sorted(JSON(.object(members), at: position)) }

    /// - Parameter path: `function.memory`. What was there is replaced.
    mutating func set(_ path: String, _ json: JSON) {
        members = Self.setting(path.split(separator: ".").map { Array($0.utf8) }[...], json, in: members)
    }

    /// - Parameter source: the value that this one was made from.
    mutating func set(_ path: String, _ json: JSON, at source: JSON) {
        set(path, JSON(json.value, at: source.position))
    }

    private static func setting(
        _ path: ArraySlice<[UInt8]>, _ json: JSON, in members: [JSON.Member]
    ) -> [JSON.Member] {
        guard let name = path.first else { return members }
        let old = members.first { $0.name == name }
        var value = json
        if path.count > 1 {
            let inner = setting(path.dropFirst(), json, in: old?.json.members ?? [])
            value = JSON(.object(inner), at: old?.json.position ?? json.position)
        }
        return members.filter { $0.name != name } + [JSON.Member(name: name, namePosition: json.position, json: value)]
    }
}

extension SchemaObject {
    /// An object with its keys in the table's order; those it does not know come last.
    func sorted(_ json: JSON) -> JSON {
        guard let members = json.members else { return json }
        let known = keys.compactMap { key -> JSON.Member? in
            guard var member = members.first(where: { $0.name == Array(key.name.utf8) }) else { return nil }
            switch key.kind {
            case .object(let object): member.json = object.sorted(member.json)
            case .list(.object(let object), _):
                member.json = JSON(
                    .array((member.json.array ?? []).map { object.sorted($0) }), at: member.json.position)
            default: break
            }
            return member
        }
        let names = keys.map { Array($0.name.utf8) }
        return JSON(.object(known + members.filter { !names.contains($0.name) }), at: json.position)
    }
}
