internal import JSON

/// What a template knows only when it is deployed, within a text: the region, the id of an API.
///
/// Between two of Unicode's private characters, so that it is not mistaken for what a recipe says, and what a recipe says is
/// not mistaken for it.
struct Placeholder {
    private static let opening: Unicode.Scalar = "\u{F0000}"
    private static let closing: Unicode.Scalar = "\u{F0001}"

    /// Whether what a recipe says could be mistaken for one.
    static func isIn(_ deployment: Deployment) -> Bool {
        String(reflecting: deployment).unicodeScalars.contains { $0 == opening || $0 == closing }
    }

    /// A text that stands for an expression of the template's language.
    static func text(_ expression: String) -> String { "\(opening)\(expression)\(closing)" }

    /// A piece of a text.
    enum Piece: Equatable {
        case literal(String)
        case expression(String)
    }

    static func pieces(of text: String) -> [Piece] {
        var pieces: [Piece] = []
        var current = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case opening:
                if !current.isEmpty { pieces.append(.literal(String(current))) }
                current.removeAll()
            case closing:
                pieces.append(.expression(String(current)))
                current.removeAll()
            default: current.append(scalar)
            }
        }
        if !current.isEmpty { pieces.append(.literal(String(current))) }
        return pieces
    }

    /// A document with every text in it replaced.
    static func replaced(in json: JSON, by text: (String) -> JSON) -> JSON {
        switch json.value {
        case .string(let bytes): text(String(decoding: bytes, as: UTF8.self))
        case .array(let items): .array(items.map { replaced(in: $0, by: text) })
        case .object(let members):
            JSON(.object(members.map { JSON.Member(name: $0.name, json: replaced(in: $0.json, by: text)) }))
        default: json
        }
    }
}

/// Names of an account and a region that are known when the template is deployed.
struct TemplateNames: Naming {
    var partitionName: String
    var regionName: String
    var account: String
    var domain: String
    /// What stands for the names of repositories, by function.
    var repositories: [String: String] = [:]

    func repositoryName(_ function: String) -> String {
        repositories[function] ?? Session.repositoryName(function)
    }
}
