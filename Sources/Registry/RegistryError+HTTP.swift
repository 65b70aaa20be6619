internal import JSON
internal import Transport

extension RegistryError {
    /// One of the errors a registry lists in its answer. OCI distribution specification, "Error Codes".
    private struct Problem {
        let code: String
        let message: String
    }

    /// Puts an exchange that did not come about into the words of images.
    init(_ error: TransportError) {
        let code: Code
        switch error.code {
        case .hostNotFound, .unreachable, .secureChannel, .untrusted: code = .unreachable
        case .interrupted, .timedOut, .failed: code = .interrupted
        case .insecure, .refusedAddress, .malformedURL, .malformedRequest, .tooManyRedirects: code = .insecure
        case .malformedResponse, .tooLarge: code = .badAnswer
        case .fileUnreadable: code = .store
        case .cancelled: code = .cancelled
        }
        self.init(code, error)
        self.status = error.status
    }

    /// Reads an answer that is no success.
    init(_ response: HTTPResponse, body: [UInt8], request: HTTPRequest, unixTime: Int) {
        let problems = Self.problems(in: body)
        let (code, hint) = Self.meaning(of: response.status, problems)
        var message = "\(request) was answered \(response.status)"
        if let problem = problems.first {
            message +=
                " (\(problem.code.prefix(60))" + (problem.message.isEmpty ? ")" : ": \(problem.message.prefix(300)))")
        }
        if code == .rateLimited, let limit = RateLimit(response.headers) { message += "; \(limit.description)" }
        self.init(code, message, hint: hint)
        self.status = response.status
        isTransient = [408, 425, 429, 500, 502, 503, 504].contains(response.status)
        retryAfter = HTTPDate.retryAfter(response.headers["retry-after"], unixTime: unixTime)
    }

    private static func meaning(of status: Int, _ problems: [Problem]) -> (Code, hint: String?) {
        switch status {
        case 401:
            (.unauthorized, "check the name; if the image is private, log in first: docker login, or podman login")
        case 403:
            problems.contains { $0.code == "TOOMANYREQUESTS" }
                ? (.rateLimited, "log in to raise the registry’s limit, or use a mirror")
                : (.denied, "the registry knows who asks and says no: check the name, and what the login may read")
        case 404:
            (.notFound, "check the name and the tag; if the image is private, log in first: docker login")
        case 429:
            (.rateLimited, "wait, log in to raise the registry’s limit, or use a mirror (SCAR_BUILD_MIRRORS)")
        case 500...:
            (.refused, "the registry has a problem of its own; try again later, or use a mirror")
        default: (.refused, nil)
        }
    }

    /// The problems a registry lists; none when the body is something else. Token servers write `details` instead.
    private static func problems(in body: [UInt8]) -> [Problem] {
        let limits = JSONLimits(bytes: RegistryLimits.errorBody, depth: 16, values: 1000)
        guard let json = try? JSON.parse(body, limits: limits) else { return [] }
        if let text = json["details"]?.string ?? json["message"]?.string {
            return [Problem(code: "error", message: text)]
        }
        return (json["errors"]?.array ?? []).prefix(8).map { error in
            Problem(code: error["code"]?.string ?? "UNKNOWN", message: error["message"]?.string ?? "")
        }
    }
}
