#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// Why a storage did not do what it was asked for.
///
/// Amazon S3 API Reference, "Error responses".
struct S3Error: Error {
    /// Empty when nobody answered.
    var refusal = ServiceRefusal()
    /// Where the bucket is, when it is said.
    var region: [UInt8]?
    /// Who did not answer, and why.
    var origin: Origin?
    var network: NetworkError?
    /// One that is not about the storage at all.
    var failure: Failure?

    init(_ network: NetworkError, _ origin: Origin?) {
        self.network = network
        self.origin = origin
    }

    init(_ failure: Failure) { self.failure = failure }

    /// What a server says when it says no.
    init(_ response: HTTPResponse, _ credentials: Credentials?) {
        refusal = ServiceRefusal(
            status: response.status, code: Self.element("Code", in: response.body) ?? Self.code(of: response.status),
            message: Self.element("Message", in: response.body) ?? [],
            requestID: response["x-amz-request-id"] ?? Self.element("RequestId", in: response.body) ?? [],
            without: credentials)
        region = response["x-amz-bucket-region"] ?? Self.element("Region", in: response.body)
        if let known = region, !S3Setting.isRegion(known) { region = nil }
    }

    /// Where no document says it.
    private static func code(of status: Int) -> [UInt8] {
        switch status {
        case 301, 302, 307, 308: [UInt8]("PermanentRedirect")
        case 403: [UInt8]("AccessDenied")
        case 404: [UInt8]("NotFound")
        case 412: [UInt8]("PreconditionFailed")
        case 503: [UInt8]("SlowDown")
        default: [UInt8]("Error")
        }
    }

    var status: Int { refusal.status }

    func isCode(_ name: StaticString) -> Bool { refusal.isCode(name) }

    /// Whether the same might succeed a little later.
    var isTransient: Bool {
        if let network { return network.isTransient }
        if failure != nil { return false }
        if status == 429 || (status >= 500 && status != 501) { return true }
        return isCode("RequestTimeout") || isCode("SlowDown") || isCode("ThrottlingException")
            || isCode("InternalError") || isCode("RequestTimeTooSkewed") || isCode("OperationAborted")
    }

    /// Whether other credentials might help.
    var isAboutExpiry: Bool {
        isCode("ExpiredToken") || isCode("ExpiredTokenException") || isCode("TokenRefreshRequired")
    }

    // MARK: Messages

    /// - Parameters:
    ///   - isFetch: whether an object was to be read; otherwise it was to be written.
    ///   - storage: the storage's name.
    ///   - object: the bucket with the key.
    func told(_ isFetch: Bool, _ storage: [UInt8], _ object: [UInt8]) -> Failure {
        if let failure { return failure }
        var text = [UInt8](isFetch ? "cannot read the object " : "cannot write the object ") + object
        if !storage.isEqual(to: "s3") { text += [UInt8](" in ") + storage }
        text.append(": ")
        if let network {
            if case .file(let cause) = network {
                return .system("Staging.Failed", "", text + [UInt8]("its file on this side"), cause)
            }
            if let origin { text += [UInt8]("no answer from ") + origin.text + [UInt8](": ") }
            return Failure(network == .outOfTime ? "Storage.Timeout" : type(isFetch), text + network.text)
        }
        text += refusal.text
        if isFetch, isCode("AccessDenied"), storage.isEqual(to: "s3") {
            text.append("; S3 says so of a missing object too, to a role that may not list the bucket")
        }
        return Failure(type(isFetch), text)
    }

    private func type(_ isFetch: Bool) -> StaticName {
        if isCode("NoSuchKey") || isCode("NoSuchBucket") || status == 404 { return "Storage.NotFound" }
        if status == 401 || status == 403 { return "Storage.Denied" }
        return isFetch ? "Storage.ReadFailed" : "Storage.WriteFailed"
    }

    // MARK: Documents

    /// The text of the first element of a name. These documents have neither attributes nor comments; any bytes may
    /// come, and none make it trap.
    static func element(_ name: StaticString, in document: [UInt8]) -> [UInt8]? {
        let open = [UInt8]("<") + [UInt8](name) + [UInt8](">")
        let close = [UInt8]("</") + [UInt8](name) + [UInt8](">")
        guard let start = find(open, in: document, from: 0),
            let end = find(close, in: document, from: start + open.count)
        else { return nil }
        return unescaped([UInt8](document[(start + open.count)..<end]))
    }

    private static func find(_ bytes: [UInt8], in text: [UInt8], from start: Int) -> Int? {
        var index = start
        while index + bytes.count <= text.count {
            if text[index] == bytes[0], text[index..<(index + bytes.count)].elementsEqual(bytes) { return index }
            index += 1
        }
        return nil
    }

    private static func unescaped(_ text: [UInt8]) -> [UInt8] {
        guard text.contains(UInt8(ascii: "&")) else { return text }
        return text.replacing([UInt8]("&lt;"), with: "<").replacing([UInt8]("&gt;"), with: ">")
            .replacing([UInt8]("&quot;"), with: "\"").replacing([UInt8]("&#34;"), with: "\"")
            .replacing([UInt8]("&apos;"), with: "'").replacing([UInt8]("&#39;"), with: "'")
            .replacing([UInt8]("&amp;"), with: "&")
    }
}
