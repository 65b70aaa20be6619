#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// What a service of AWS's, or one that speaks as they do, said when it said no.
struct ServiceRefusal {
    var status = 0
    /// `NoSuchKey`.
    var code: [UInt8] = []
    var message: [UInt8] = []
    var requestID: [UInt8] = []

    init() {}

    /// - Parameter credentials: what may stand in no message. They are taken out first of all: half a secret is not found any
    ///   more, and is still half a secret.
    init(
        status: Int, code: [UInt8], message: [UInt8], requestID: [UInt8], without credentials: Credentials?
    ) {
        let redacted = { (text: [UInt8]) in credentials?.redacted(text) ?? text }
        self.status = status
        self.code = [UInt8](redacted(code).prefix(100))
        self.message = [UInt8](redacted(message).prefix(500))
        self.requestID = [UInt8](redacted(requestID).prefix(200))
    }

    func isCode(_ name: StaticString) -> Bool { code.isEqual(to: name) }

    /// `NoSuchKey: there is none (status 404, request 7F)`.
    var text: [UInt8] {
        var text = code
        if !message.isEmpty { text += [UInt8](": ") + message }
        text.append(" (status ")
        text.append(decimal: status)
        if !requestID.isEmpty { text += [UInt8](", request ") + requestID }
        text.append(")")
        return text
    }
}
