#if !hasFeature(Embedded)
    internal import JSON
#endif

/// An HTTP request as API Gateway, a function URL or a load balancer hands it on.
package struct WebRequest: Sendable, Equatable {
    package typealias Field = HTTPResponse.Field

    /// In whose form the request is, and the answer must be.
    package enum Form: Sendable, Equatable {
        /// Somebody who writes events in their form: failures are the function's own, as for a direct call.
        case plain
        /// API Gateway, payload format 1.0.
        case gateway1
        /// API Gateway, payload format 2.0, and function URLs.
        case gateway2
        /// An Application Load Balancer, with lists of values when the target group asks for them.
        case balancer(hasLists: Bool)
    }

    package var form: Form
    package var method: [UInt8] = []
    package var path: [UInt8] = []
    /// The query as it stood in the URL, or as it must have.
    package var queryText: [UInt8] = []
    /// Decoded.
    package var query: [Field] = []
    package var pathParameters: [Field] = []
    /// Names in lower case.
    package var fields: [Field] = []
    package var cookies: [[UInt8]] = []
    private var sentBody: [UInt8] = []
    private var isEncoded = false

    package init(form: Form) { self.form = form }

    /// Nil for an event of another kind.
    init?(_ json: JSON) {
        guard let form = Self.form(json) else { return nil }
        self.form = form
        readBody(json)
        for field in Self.pairs(json, "headers", "multiValueHeaders") {
            fields.append(Field(name: field.name.lowercased, value: field.value))
        }
        cookies = (json["cookies"]?.array ?? []).compactMap { $0.utf8 }
        pathParameters = Self.pairs(json, "pathParameters", "")
        let http = json["requestContext"]?["http"]
        method = json["httpMethod"]?.utf8 ?? http?["method"]?.utf8 ?? []
        path = json["path"]?.utf8 ?? json["rawPath"]?.utf8 ?? []
        readQuery(json)
    }

    private static func form(_ json: JSON) -> Form? {
        let context = json["requestContext"]
        if context?["http"]?.members != nil { return .gateway2 }
        if json["httpMethod"]?.utf8 != nil {
            if context?["elb"] != nil { return .balancer(hasLists: json["multiValueHeaders"] != nil) }
            return context?.members == nil ? .plain : .gateway1
        }
        return json["body"] != nil && json["isBase64Encoded"]?.bool != nil ? .plain : nil
    }

    private mutating func readBody(_ json: JSON) {
        guard let body = json["body"], !body.isNull else { return }
        // A body that is JSON itself comes from those who write events by hand.
        sentBody = body.utf8 ?? body.text()
        isEncoded = body.utf8 != nil && json["isBase64Encoded"]?.bool == true
    }

    private mutating func readQuery(_ json: JSON) {
        if let text = json["rawQueryString"]?.utf8 {
            queryText = text
            query = FormData.fields(text)
            return
        }
        query = Self.pairs(json, "queryStringParameters", "multiValueQueryStringParameters")
        if case .balancer = form {
            // Which hands them on as they stand in the URL.
            queryText = FormData.text(query) { $0 }
            query = query.map { Field(name: $0.name.formDecoded, value: $0.value.formDecoded) }
        } else {
            queryText = FormData.text(query) { $0.percentEncoded() }
        }
    }

    /// The members of an object of texts, or of an object of lists of texts, which says more where both are.
    private static func pairs(_ json: JSON, _ name: StaticString, _ listName: StaticString) -> [Field] {
        var pairs: [Field] = []
        if let lists = json[listName]?.members {
            for member in lists {
                for value in (member.json.array ?? []).prefix(mostFields) {
                    if let value = value.utf8 { pairs.append(Field(name: member.name, value: value)) }
                }
            }
        } else {
            for member in json[name]?.members ?? [] {
                if let value = member.json.utf8 { pairs.append(Field(name: member.name, value: value)) }
            }
        }
        return pairs.count > mostFields ? [Field](pairs.prefix(mostFields)) : pairs
    }

    private static var mostFields: Int { 1000 }

    /// The first field of a name, given in lower case.
    package subscript(_ name: StaticString) -> [UInt8]? {
        for field in fields where field.name.isEqual(to: name) { return field.value }
        return nil
    }

    /// The body as the client sent it.
    package func body() throws(Failure) -> [UInt8] {
        guard isEncoded else { return sentBody }
        guard let bytes = Base64.decode(sentBody) else {
            throw Failure("Event.BadBase64", [UInt8]("the event says that its body is base64, and it is not"))
        }
        return bytes
    }

    /// Whether somebody waits at the other end of an HTTP connection, who is to be told in HTTP what went wrong.
    var isFromClient: Bool { form != .plain }
    /// Whether the caller asks not to wait for the outcome.
    var isAsynchronous: Bool { self["x-amz-invocation-type"]?.lowercased.isEqual(to: "event") == true }
    var isHead: Bool { method.isEqual(to: "HEAD") }
}

extension WebRequest.Field {
    package init(_ name: [UInt8], _ value: [UInt8]) { self.init(name: name, value: value) }
}
