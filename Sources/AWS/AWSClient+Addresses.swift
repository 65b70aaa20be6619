internal import ByteKit
package import Transport

extension AWSClient {
    /// Asks an address that is no service's own: a function's URL, or an API's. Gives the answer whatever its status is.
    ///
    /// It is asked once: nobody knows what the function has done when an answer is lost.
    ///
    /// - Parameter signingName: what the request is signed for, as in `execute-api`; nil where everybody may ask.
    package func call(_ request: HTTPRequest, signedFor signingName: String?) throws(AWSError) -> AWSAnswer {
        var request = request
        if let signingName {
            let signer = RequestSigner(
                credentials: try credentials(), region: region.name, service: signingName)
            var payload = RequestSigner.Payload.empty
            if case .bytes(let bytes) = request.body { payload = .digest(Digest(of: bytes)) }
            signer.sign(&request, payload: payload, at: serviceTime)
        }
        do throws(TransportError) {
            // Ten megabytes are the most that API Gateway passes on.
            let (response, body) = try patientTransport.collect(request, limit: 64 << 20)
            return AWSAnswer(status: response.status, headers: response.headers, body: body)
        } catch {
            throw AWSError(error, operation: nil)
        }
    }
}
