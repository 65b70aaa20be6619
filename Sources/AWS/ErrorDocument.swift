internal import JSON
internal import Transport

/// What services say when they say no: in JSON, in XML, in header fields, or not at all.
enum ErrorDocument {
    static func error(_ response: HTTPResponse, _ body: [UInt8], operation: String) -> AWSError {
        var code = response.headers["x-amzn-errortype"]
        var message = response.headers["x-amzn-error-message"]
        var requestID =
            response.headers["x-amzn-requestid"] ?? response.headers["x-amz-request-id"]
        if let json = try? JSON.parse(body) {
            code = code ?? (json["__type"] ?? json["code"] ?? json["Code"])?.string
            message = message ?? (json["message"] ?? json["Message"] ?? json["errorMessage"])?.string
        } else if let xml = try? XML.parse(body) {
            let element = xml.find("Error") ?? xml
            code = code ?? element["Code"]?.text
            message = message ?? element["Message"]?.text
            requestID = requestID ?? (xml.find("RequestId") ?? xml.find("RequestID"))?.text
        }
        return AWSError(
            code: name(code) ?? fallback(response.status), message: message ?? "", operation: operation,
            status: response.status, requestID: requestID)
    }

    /// `aws.protocols#ThrottlingException:http://…` is a `ThrottlingException`.
    private static func name(_ code: String?) -> String? {
        guard let code, !code.isEmpty else { return nil }
        let start = code.lastIndex(of: "#").map { code.index(after: $0) } ?? code.startIndex
        return String(code[start...].prefix { $0 != ":" })
    }

    /// HEAD has no body to say anything in.
    private static func fallback(_ status: Int) -> String {
        switch status {
        case 301, 307: "PermanentRedirect"
        case 400: "BadRequest"
        case 403: "AccessDenied"
        case 404: "NotFound"
        case 412: "PreconditionFailed"
        default: "status \(status)"
        }
    }
}
