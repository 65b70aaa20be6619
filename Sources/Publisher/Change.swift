package import JSON

/// One thing that is not as it should be, and how it becomes so.
package struct Change: Sendable {
    package enum Action: String, Sendable {
        case create, update, remove, call
    }

    /// One setting that becomes another.
    package struct Detail: Sendable, Equatable {
        package var name: String
        /// Nil when there was nothing.
        package var old: String?
        package var new: String

        package init(_ name: String, from old: String? = nil, to new: String) {
            self.name = name
            self.old = old
            self.new = new
        }
    }

    package var action: Action
    /// `function`, `bucket`.
    package var kind: String
    package var name: String
    /// In no order that matters; no values that could be secret.
    package var details: [Detail]
    /// Makes it so. What AWS gives ids to is noted in the session for later changes.
    let apply: @Sendable (Session) throws -> Void

    init(
        _ action: Action, _ kind: String, _ name: String, _ details: [Detail] = [],
        apply: @escaping @Sendable (Session) throws -> Void
    ) {
        self.action = action
        self.kind = kind
        self.name = name
        self.details = details
        self.apply = apply
    }

    /// `create the role scar-build-eu-west-1-f`.
    package var title: String { "\(action.rawValue) the \(kind) \(name)" }

    var json: JSON {
        .object([
            ("action", .string(action.rawValue)), ("kind", .string(kind)), ("name", .string(name)),
            (
                "details",
                .array(
                    details.map {
                        .object([
                            ("name", .string($0.name)), ("old", $0.old.map { .string($0) } ?? .null),
                            ("new", .string($0.new)),
                        ])
                    })
            ),
        ])
    }
}

/// What must change, in the order that it has to happen in.
package struct Plan: Sendable {
    package var function: String
    package var region: String
    package var account: String
    package var changes: [Change]

    package var isEmpty: Bool { changes.isEmpty }

    package var json: JSON {
        .object([
            ("function", .string(function)), ("account", .string(account)), ("region", .string(region)),
            ("changes", .array(changes.map(\.json))),
        ])
    }
}
