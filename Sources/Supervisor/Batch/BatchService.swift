#if !hasFeature(Embedded)
    internal import JSON
    internal import Signing
#endif

/// AWS Batch, as far as a function needs it: it submits jobs.
struct BatchService {
    private let region: [UInt8]
    private let address: WebAddress?
    private let trust: TrustStore
    private let credentials: CredentialSource

    private static var mostAttempts: Int { 5 }

    init(_ environment: Environment) {
        region = S3Setting.region(environment)
        let named = environment["AWS_ENDPOINT_URL_BATCH"] ?? environment["AWS_ENDPOINT_URL"]
        let usual = [UInt8]("https://batch.") + region + [UInt8](".") + [UInt8](S3Setting.domain(of: region))
        address = WebAddress(parsing: named ?? usual)
        trust = TrustStore(.machine(environment["SSL_CERT_FILE"]))
        credentials = CredentialSource(.role, environment)
    }

    /// Submits a job; gives its id.
    ///
    /// Batch knows no request twice: one that it may have taken is not sent again, or the work would be done twice.
    func submit(_ job: BatchJob, _ batch: LaunchSpec.Batch, until deadline: Int64) throws(Failure) -> [UInt8] {
        guard let address else {
            throw Failure("Batch.Unavailable", [UInt8]("AWS_ENDPOINT_URL_BATCH or AWS_ENDPOINT_URL is no address"))
        }
        let body = job.request(batch)
        guard body.count <= BatchJob.longestRequest else {
            throw Failure("Batch.TooLong", [UInt8]("the event is too long for a job’s environment"))
        }
        var attempts = 0
        while true {
            let credentials = try credentials.credentials(until: deadline)
            var client = HTTPClient(address.origin, trust)
            do throws(Refusal) {
                let response = try Self.send(body, address, credentials, region, &client, deadline)
                guard let id = Self.jobID(in: response.body) else {
                    throw Refusal(network: .malformed, origin: address.origin)
                }
                return id
            } catch {
                attempts += 1
                guard attempts < Self.mostAttempts, error.isPassing, Clock.nanoseconds < deadline else {
                    throw error.told(batch)
                }
                Clock.sleep(milliseconds: S3Storage.pause(attempts), until: deadline)
            }
        }
    }

    private static func send(
        _ body: [UInt8], _ address: WebAddress, _ credentials: Credentials, _ region: [UInt8],
        _ client: inout HTTPClient, _ deadline: Int64
    ) throws(Refusal) -> HTTPResponse {
        let stamp = AWSTime.compact(Int(Clock.epochMilliseconds / 1000))
        let path = [UInt8]("/v1/submitjob")
        var fields = [
            HTTPResponse.Field("content-type", [UInt8]("application/json")), .init("x-amz-date", stamp),
        ]
        if let token = credentials.sessionToken { fields.append(.init("x-amz-security-token", token)) }
        let canonical = SignatureV4.Request(
            method: [UInt8]("POST"), path: path, query: [],
            fields: [([UInt8]("host"), address.origin.authority)] + fields.map { ($0.name, $0.value) },
            payload: SHA256.sum(of: body).hexadecimal)
        let signature = SignatureV4(
            accessKey: credentials.accessKey, secretKey: credentials.secretKey, region: region,
            service: [UInt8]("batch"))
        fields.append(.init("authorization", signature.authorization(of: canonical, at: stamp)))
        let response: HTTPResponse
        do throws(NetworkError) {
            response = try client.send(HTTPRequest("POST", path, fields, body: .bytes(body)), .until(deadline))
        } catch {
            throw Refusal(network: error, origin: address.origin)
        }
        guard (200..<300).contains(response.status) else { throw Refusal(response, credentials) }
        return response
    }

    private static func jobID(in body: [UInt8]) -> [UInt8]? {
        do throws(JSONError) { return try JSON.parse(body)["jobId"]?.utf8 } catch { return nil }
    }
}

/// Why a job was not taken.
private struct Refusal: Error {
    var network: NetworkError?
    var origin: Origin?
    var answer = ServiceRefusal()

    init(network: NetworkError, origin: Origin) {
        self.network = network
        self.origin = origin
    }

    /// What Batch says when it says no.
    init(_ response: HTTPResponse, _ credentials: Credentials) {
        // `ClientException:http://…` in some services.
        var code = [UInt8]((response["x-amzn-errortype"] ?? []).prefix { $0 != UInt8(ascii: ":") })
        var message: [UInt8] = []
        do throws(JSONError) {
            let document = try JSON.parse(response.body)
            message = document["message"]?.utf8 ?? document["Message"]?.utf8 ?? []
            if code.isEmpty { code = document["__type"]?.utf8 ?? document["code"]?.utf8 ?? [] }
        } catch {
            // The status is then all that is known.
        }
        answer = ServiceRefusal(
            status: response.status, code: code, message: message, requestID: response["x-amzn-requestid"] ?? [],
            without: credentials)
    }

    /// Whether the job was certainly not taken, and might be later.
    var isPassing: Bool {
        if let network {
            if case .unresolved = network { return true }
            return false
        }
        return answer.status == 429 || answer.isCode("TooManyRequestsException")
            || answer.isCode("ThrottlingException")
    }

    func told(_ batch: LaunchSpec.Batch) -> Failure {
        var text = [UInt8]("cannot submit a job to the queue ") + batch.queue + [UInt8](" of AWS Batch: ")
        if let network {
            if let origin { text += [UInt8]("no answer from ") + origin.text + [UInt8](": ") }
            return Failure("Batch.SubmitFailed", text + network.text)
        }
        return Failure("Batch.SubmitFailed", text + answer.text)
    }
}
