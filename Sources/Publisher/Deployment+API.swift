extension Deployment {
    /// Checks what is wrong with the wishes together; each by itself was checked with the recipe.
    func validate() throws(PublishError) {
        try function.validate(name: name)
        try job?.validate(name: name, architecture: architecture)
        try api?.validate()
    }
}

extension Deployment.API {
    func validate() throws(PublishError) {
        if case .jwt = authorization, kind != .http {
            throw PublishError(
                .settings, "a \(kind == .rest ? "REST API" : "function URL") knows no ‘jwt’",
                hint: "set ‘api.kind’ to http, or ‘authorization’ to iam")
        }
        guard kind != .rest || cors == nil else {
            throw PublishError(
                .settings, "‘api.cors’ is for the kinds http and url",
                hint: "a REST API hands every request to the function, and so those that browsers ask first")
        }
    }

    /// As AWS writes it.
    var authorizationType: String {
        switch authorization {
        case .none: "NONE"
        case .iam: "AWS_IAM"
        case .jwt: "JWT"
        }
    }

    struct Route: Sendable, Equatable {
        var key: String
        var authorization: String
    }

    /// The routes of an HTTP API. A browser asks before it asks, and without a token.
    var routes: [Route] {
        let all = [Route(key: "$default", authorization: authorizationType)]
        guard cors != nil, authorization != .none else { return all }
        return all + [Route(key: "OPTIONS /{proxy+}", authorization: "NONE")]
    }
}
