package import AWS
internal import JSON
internal import Transport

/// Where a published function answers over HTTP.
package struct FunctionAddress: Sendable, Equatable {
    package var url: String
    /// What requests are signed for; nil where everybody may call.
    package var signingName: String?

    package init(url: String, signingName: String?) {
        self.url = url
        self.signingName = signingName
    }

    /// Calls the function as a client would: with `GET` when there is no body, otherwise with `POST`.
    ///
    /// - Parameters:
    ///   - query: not encoded.
    ///   - isAsynchronous: whether the supervisor is to answer at once, with 202, and the function runs afterwards.
    package func call(
        _ session: Session, body: [UInt8]?, query: [(name: String, value: String)] = [], isAsynchronous: Bool = false
    ) throws -> AWSAnswer {
        var url = try URL(parsing: url)
        for item in query { url = url.adding(item.name, item.value) }
        var request = HTTPRequest(body == nil ? .get : .post, url)
        if let body {
            let isJSON = (try? JSON.parse(body, limits: JSONLimits(bytes: body.count, values: 1_000_000))) != nil
            request.headers["content-type"] = isJSON ? "application/json" : "application/octet-stream"
            request.body = .bytes(body)
        }
        if isAsynchronous { request.headers["x-amz-invocation-type"] = "Event" }
        return try session.client.call(request, signedFor: signingName)
    }
}

extension Inventory {
    /// The address of a published function.
    ///
    /// - Throws: `PublishError` when it has none, or one whose callers bring a token that is not ours to have.
    package func address(of name: String, alias: String = "live") throws -> FunctionAddress {
        if let url = try session.lambda.url(name, qualifier: alias) {
            return FunctionAddress(url: url.address, signingName: url.authorization == "NONE" ? nil : "lambda")
        }
        if let api = try session.httpAPIs.apis(tagged: Deployment.ownerTag, name).first, let stage = api.stages.first {
            let rule = api.routes.first { $0.key == "$default" }?.authorization ?? "AWS_IAM"
            guard rule != "JWT" else {
                throw PublishError(
                    .settings, "callers of \(name)'s API bring a token of its issuer",
                    hint: "call \(api.endpoint)/\(stage) with the token, or leave --api away")
            }
            return FunctionAddress(
                url: "\(api.endpoint)/\(stage)/", signingName: rule == "NONE" ? nil : "execute-api")
        }
        if let api = try session.restAPIs.apis(tagged: Deployment.ownerTag, name).first,
            let stage = api.stages.keys.sorted().first
        {
            // One that is open takes a signature as well.
            return FunctionAddress(
                url: RESTAPIPart.address(api.id, stage: stage, session) + "/", signingName: "execute-api")
        }
        throw PublishError(
            .notFound, "there is no address of a function \(name) in \(session.region.name)",
            hint: "‘api’ in its recipe gives it one; without --api it is called by way of Lambda")
    }
}
