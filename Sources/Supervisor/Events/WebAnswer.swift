#if !hasFeature(Embedded)
    internal import JSON
#endif

/// An HTTP answer, and the forms in which gateways, function URLs and load balancers want it.
package struct WebAnswer: Sendable, Equatable {
    package var status: Int
    /// All but Content-Type that is to be said, in order; names may come more than once.
    package var fields: [WebRequest.Field]
    package var type: [UInt8]
    package var body: [UInt8]

    package init(status: Int = 200, fields: [WebRequest.Field] = [], type: [UInt8], body: [UInt8]) {
        self.status = status
        self.fields = fields
        self.type = type
        self.body = body
    }

    /// What the program said about its answer, around this body.
    init(_ head: ResponseHead, body: [UInt8], name: [UInt8] = []) {
        let type = head["content-type"] ?? MediaType.type(of: body, name: name)
        let status = head.status ?? (head["location"] == nil ? 200 : 302)
        self.init(
            status: status, fields: head.fields.filter { !$0.name.lowercased.isEqual(to: "content-type") }, type: type,
            body: body)
    }

    /// The document that Lambda hands to whoever asked.
    ///
    /// - Parameters:
    ///   - form: whose.
    ///   - isHead: whether the body is only to be told of.
    package func document(_ form: WebRequest.Form, isHead: Bool = false) throws(Failure) -> [UInt8] {
        let isText = MediaType.isText(type) && isValidUTF8(body)
        // Before making it: base64 of a gigabyte is no better for being made.
        let size = isText ? body.count : body.count / 3 * 4
        guard isHead || size <= InvocationLoop.responseLimit else { throw .responseTooLarge(size) }
        var members: [(name: StaticString, json: JSON)] = [("statusCode", .integer(status))]
        if case .balancer = form { members.append(("statusDescription", .utf8(description))) }
        members += headers(form)
        let shown = isHead ? [] : body
        members.append(("body", .utf8(isText ? shown : Base64.encode(shown))))
        members.append(("isBase64Encoded", .bool(!isText && !isHead)))
        let document = JSON.object(members).text()
        guard document.count <= InvocationLoop.responseLimit else { throw .responseTooLarge(document.count) }
        return document
    }

    /// What goes before a streamed body, in the form of function URLs.
    package func prelude() -> [UInt8] {
        JSON.object([("statusCode", .integer(status))] + headers(.gateway2)).text() + [UInt8](repeating: 0, count: 8)
    }

    private func headers(_ form: WebRequest.Form) -> [(name: StaticString, json: JSON)] {
        let all = [WebRequest.Field(name: [UInt8]("Content-Type"), value: type)] + fields
        switch form {
        case .plain, .gateway2:
            // Cookies cannot be joined by commas, and so stand apart.
            let cookies = all.filter(Self.isCookie)
            let members = Self.grouped(all.filter { !Self.isCookie($0) }) { values in
                .utf8([UInt8](values.joined(separator: [UInt8](", "))))
            }
            return [("headers", members)]
                + (cookies.isEmpty ? [] : [("cookies", .array(cookies.map { .utf8($0.value) }))])
        case .gateway1:
            // What comes once is a header; what comes more often a list.
            let names = all.map { $0.name.lowercased }
            let isSingle = all.indices.map { place in names.filter { $0 == names[place] }.count == 1 }
            let single = all.indices.filter { isSingle[$0] }.map { all[$0] }
            let several = all.indices.filter { !isSingle[$0] }.map { all[$0] }
            let lists = several.isEmpty ? [] : [(name: "multiValueHeaders" as StaticString, json: Self.lists(several))]
            return [("headers", Self.grouped(single) { .utf8($0[0]) })] + lists
        case .balancer(let hasLists):
            guard hasLists else {
                // One value for a name is all that there is room for: the last.
                return [("headers", Self.grouped(all) { .utf8($0[$0.count - 1]) })]
            }
            return [("multiValueHeaders", Self.lists(all))]
        }
    }

    private static func isCookie(_ field: WebRequest.Field) -> Bool { field.name.lowercased.isEqual(to: "set-cookie") }

    private static func lists(_ fields: [WebRequest.Field]) -> JSON {
        grouped(fields) { .array($0.map { .utf8($0) }) }
    }

    /// An object with a member for each name, where it stands first.
    private static func grouped(_ fields: [WebRequest.Field], _ value: ([[UInt8]]) -> JSON) -> JSON {
        var groups: [(key: [UInt8], name: [UInt8], values: [[UInt8]])] = []
        for field in fields {
            let key = field.name.lowercased
            if let place = groups.firstIndex(where: { $0.key == key }) {
                groups[place].values.append(field.value)
            } else {
                groups.append((key, field.name, [field.value]))
            }
        }
        return JSON(.object(groups.map { JSON.Member(name: $0.name, json: value($0.values)) }))
    }

    /// `404 Not Found`, which load balancers want.
    private var description: [UInt8] {
        var text: [UInt8] = []
        text.append(decimal: status)
        text.append(" ")
        let phrase: StaticString =
            switch status {
            case 200: "OK"
            case 201: "Created"
            case 202: "Accepted"
            case 204: "No Content"
            case 302: "Found"
            case 303: "See Other"
            case 304: "Not Modified"
            case 400: "Bad Request"
            case 403: "Forbidden"
            case 404: "Not Found"
            case 413: "Content Too Large"
            case 500: "Internal Server Error"
            case 504: "Gateway Timeout"
            case ..<300: "Success"
            case ..<400: "Redirection"
            case ..<500: "Client Error"
            default: "Server Error"
            }
        return text + [UInt8](phrase)
    }
}

extension WebAnswer {
    /// Where the answer is, for one that is too large to be here.
    init(linkTo address: [UInt8]) {
        self.init(
            status: 303, fields: [.init(name: [UInt8]("Location"), value: address)], type: [UInt8]("application/json"),
            body: JSON.object([("location", .utf8(address))]).text())
    }

    /// What a client is told of a failure: what happened, and nothing of what the program said; that is in the log.
    package init(_ failure: Failure, _ requestID: [UInt8]) {
        let status =
            if failure.type == "Function.ResponseSizeTooLarge" {
                413
            } else if failure.type == "Script.Timeout" {
                504
            } else if [UInt8](failure.type.text).starts(with: [UInt8]("Event.")) {
                400
            } else {
                500
            }
        let message = [UInt8](failure.message.prefix { $0 != 0x0a }).validUTF8
        let body = JSON.object([
            ("errorType", .utf8([UInt8](failure.type.text))), ("message", .utf8(message)),
            ("requestId", .utf8(requestID)),
        ]).text()
        self.init(status: status, type: [UInt8]("application/json"), body: body)
    }
}
