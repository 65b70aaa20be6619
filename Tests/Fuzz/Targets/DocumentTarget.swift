internal import ImageModel
internal import JSON
internal import LayerFS
internal import Recipe
internal import Supervisor
internal import Transport

extension FuzzBench {
    /// The first byte says what the rest is taken for.
    func document(_ bytes: [UInt8]) throws -> FuzzTarget.Outcome {
        guard let kind = bytes.first else { return .refused }
        let rest = Array(bytes.dropFirst())
        let text = String(decoding: rest, as: UTF8.self)
        do {
            switch kind {
            case UInt8(ascii: "c"): _ = try ImageConfig(decoding: rest)
            case UInt8(ascii: "d"): _ = try ImageDocument.decode(rest)
            case UInt8(ascii: "b"): _ = ResponseHead(rest)
            case UInt8(ascii: "e"): try Self.event(rest)
            case UInt8(ascii: "f"): _ = try Reference(parsing: text)
            case UInt8(ascii: "g"): return Self.pattern(rest)
            case UInt8(ascii: "h"): return Self.response(rest)
            case UInt8(ascii: "l"): _ = try Lockfile.parse(rest, path: "/lock")
            case UInt8(ascii: "m"): return try Self.form(rest)
            case UInt8(ascii: "p"): _ = try Platform(parsing: text)
            case UInt8(ascii: "r"): _ = try RecipeParser.parse(rest, path: "/recipe.json")
            case UInt8(ascii: "s"): _ = try LaunchSpec.decode(rest)
            case UInt8(ascii: "w"): return WebAddress(parsing: rest) == nil ? .refused : .accepted
            case UInt8(ascii: "u"): _ = try URL(parsing: text).resolving(text)
            case UInt8(ascii: "y"): try Self.conversion(rest)
            default: try Self.roundTrip(rest)
            }
            return .accepted
        } catch let finding as Finding {
            throw finding
        } catch {
            // Typed throws: no parser can throw anything but its own error.
            return .refused
        }
    }

    /// What a function file means is a recipe that is read as the same.
    private static func conversion(_ bytes: [UInt8]) throws {
        let functions = try RecipeParser.parse(bytes, path: "/f.yaml").functions
        let written = try RecipeParser.converted(bytes, path: "/f.yaml").text
        let again = try? RecipeParser.parse(written, path: "/f.json").functions
        try Finding.unless(again == functions, "a function file's recipe is read as something else")
    }

    /// An event, and all that a request or a call in it is asked for.
    private static func event(_ bytes: [UInt8]) throws {
        switch try? Event.classify(bytes, inputs: []) {
        case .request(let request): _ = try? request.body()
        case .call(let call): _ = (try? call.script(), try? call.arguments())
        case .objects, .messages, .direct, nil: break
        }
    }

    /// A boundary, and on the lines after it a form; the same bytes as a form in one line, and as a header.
    private static func form(_ bytes: [UInt8]) throws -> FuzzTarget.Outcome {
        _ = FormData.fields(bytes)
        _ = HeaderValue(bytes)["boundary"]
        let end = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
        guard let parts = try? FormData.parts(Array(bytes[end...].dropFirst()), boundary: Array(bytes[..<end]))
        else { return .refused }
        let size = parts.reduce(0) { $0 + $1.content.count }
        try Finding.unless(size <= bytes.count, "a form’s parts are larger than the form")
        return .accepted
    }

    /// What was read and written is read as the same.
    private static func roundTrip(_ bytes: [UInt8]) throws {
        let json = try JSON.parse(bytes)
        for isPretty in [false, true] {
            let again = try? JSON.parse(json.text(pretty: isPretty))
            try Finding.unless(again == json, "JSON that was written is read as something else")
        }
    }

    /// A pattern and a path, on lines of their own.
    private static func pattern(_ bytes: [UInt8]) -> FuzzTarget.Outcome {
        let parts = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
        let pattern = PathPattern(String(decoding: parts[0], as: UTF8.self))
        let path = (parts.dropFirst().first ?? []).split(separator: UInt8(ascii: "/"))
        return pattern.matches(path) ? .accepted : .refused
    }

    private static func response(_ bytes: [UInt8]) -> FuzzTarget.Outcome {
        var parser = HTTPResponseParser(bodyLimit: 4096)
        let length = max(1, bytes.count / 7)
        do throws(HTTPError) {
            for start in stride(from: 0, to: bytes.count, by: length) {
                if try parser.feed(Array(bytes[start..<min(bytes.count, start + length)])) != nil { return .accepted }
            }
            _ = try parser.end()
            return .accepted
        } catch {
            return .refused
        }
    }
}
