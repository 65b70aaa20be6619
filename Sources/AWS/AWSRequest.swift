internal import ByteKit
package import JSON
package import Transport

/// One question to a service, before it has an address and a signature.
package struct AWSRequest: Sendable {
    package var service: Service
    /// The operation's name in the service's own documents, for messages.
    package var operation: String
    package var method: HTTPMethod
    /// Percent-encoded.
    package var path: String
    /// Not encoded.
    package var query: [(name: String, value: String)]
    package var headers: HTTPHeaders
    package var body: HTTPBody
    /// What the signature says of the body; nil for the sum of what is sent.
    package var payload: RequestSigner.Payload?
    package var isSigned = true
    /// Whether the answer may take as long as it wants, as that of a function which works.
    package var isSlow = false
    /// Whether asking twice does no more than asking once. When not, it is tried again only when the service has surely
    /// not begun: a lost answer may hide that all was done.
    package var isRepeatable = true
    /// The most bytes of an answer that is kept.
    package var answerLimit = 64 << 20

    package init(
        _ service: Service, _ operation: String, _ method: HTTPMethod, _ path: String,
        query: [(name: String, value: String)] = [], headers: HTTPHeaders = [:], body: HTTPBody = .none
    ) {
        self.service = service
        self.operation = operation
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// A request whose arguments are a JSON document (protocol `rest-json`).
    package init(
        _ service: Service, _ operation: String, _ method: HTTPMethod, _ path: String,
        query: [(name: String, value: String)] = [], json: JSON
    ) {
        self.init(
            service, operation, method, path, query: query, headers: ["content-type": "application/json"],
            body: .bytes(json.text()))
    }

    /// A request whose name is a field and whose arguments are a JSON document (protocol `json`).
    package init(_ service: Service, target: String, _ operation: String, json: JSON) {
        self.init(
            service, operation, .post, "/",
            headers: ["content-type": "application/x-amz-json-1.1", "x-amz-target": "\(target).\(operation)"],
            body: .bytes(json.text()))
    }

    /// A request whose name and arguments are a form (protocols `query` and `ec2`).
    package init(
        _ service: Service, _ operation: String, query parameters: [(name: String, value: String)], version: String
    ) {
        let items = [("Action", operation), ("Version", version)] + parameters.map { ($0.name, $0.value) }
        let form = items.map { "\(URL.encode($0.0))=\(URL.encode($0.1))" }.joined(separator: "&")
        self.init(
            service, operation, .post, "/",
            headers: ["content-type": "application/x-www-form-urlencoded; charset=utf-8"],
            body: .bytes(Array(form.utf8)))
    }

    /// For messages.
    var title: String { "\(service.name) \(operation)" }
}

/// What a service answered.
package struct AWSAnswer: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: [UInt8]

    /// The service's name for this exchange.
    package var requestID: String? { headers["x-amzn-requestid"] ?? headers["x-amz-request-id"] }
}
