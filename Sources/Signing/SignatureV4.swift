#if !hasFeature(Embedded)
    internal import JSON
#endif

/// AWS Signature Version 4, for scar-build and for the supervisor: what is signed, and with what.
///
/// AWS General Reference, "Create a signed AWS API request"; Amazon S3, "Authenticating Requests (AWS Signature Version 4)".
package struct SignatureV4: Sendable {
    package var accessKey: [UInt8]
    package var secretKey: [UInt8]
    package var region: [UInt8]
    /// The name that services sign as: `lambda`, `s3`.
    package var service: [UInt8]

    package init(accessKey: [UInt8], secretKey: [UInt8], region: [UInt8], service: [UInt8]) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.region = region
        self.service = service
    }

    package static var algorithm: [UInt8] { [UInt8]("AWS4-HMAC-SHA256") }
    /// What stands for the sum of a body that is not signed.
    package static var unsignedPayload: [UInt8] { [UInt8]("UNSIGNED-PAYLOAD") }

    /// A request in the form that is signed.
    package struct Request: Sendable {
        package var method: [UInt8]
        /// Encoded, as the service puts it into canonical form.
        package var path: [UInt8]
        /// Encoded, as it is sent, without its question mark.
        package var query: [UInt8]
        /// The body's sum in hexadecimal digits, or what stands for it.
        package var payload: [UInt8]
        /// The names of the fields that are signed, as a list.
        package let fieldNames: [UInt8]
        private let fieldLines: [UInt8]

        /// - Parameter fields: those that are sent, `host` among them, with their names in lower case.
        package init(
            method: [UInt8], path: [UInt8], query: [UInt8], fields: [(name: [UInt8], value: [UInt8])],
            payload: [UInt8]
        ) {
            self.method = method
            self.path = path
            self.query = query
            self.payload = payload
            (fieldNames, fieldLines) = Self.canonical(fields)
        }

        var text: [UInt8] {
            [method, path, Self.canonical(query: query), fieldLines, fieldNames, payload].joined(by: 0x0a)
        }
    }

    /// `20150830/us-east-1/s3/aws4_request`, with the access key before it.
    package func credential(at stamp: [UInt8]) -> [UInt8] { accessKey + [UInt8(ascii: "/")] + scope(stamp) }

    /// The value of the `authorization` field.
    package func authorization(of request: Request, at stamp: [UInt8]) -> [UInt8] {
        var text = Self.algorithm
        text += [UInt8](" Credential=") + credential(at: stamp)
        text += [UInt8](", SignedHeaders=") + request.fieldNames
        text += [UInt8](", Signature=") + signature(of: request, at: stamp)
        return text
    }

    /// The signature in hexadecimal digits.
    ///
    /// - Parameter stamp: the time, as `AWSTime.compact` writes it.
    package func signature(of request: Request, at stamp: [UInt8]) -> [UInt8] {
        let text = [Self.algorithm, stamp, scope(stamp), SHA256.sum(of: request.text).hexadecimal].joined(by: 0x0a)
        return SHA256.keyedSum(of: text, key: key(stamp)).hexadecimal
    }

    private func scopeParts(_ stamp: [UInt8]) -> [[UInt8]] {
        [[UInt8](stamp.prefix(8)), region, service, [UInt8]("aws4_request")]
    }

    private func scope(_ stamp: [UInt8]) -> [UInt8] { scopeParts(stamp).joined(by: UInt8(ascii: "/")) }

    private func key(_ stamp: [UInt8]) -> [UInt8] {
        var key = [UInt8]("AWS4") + secretKey
        for part in scopeParts(stamp) { key = SHA256.keyedSum(of: part, key: key) }
        return key
    }
}

// MARK: - The canonical form

extension SignatureV4.Request {
    /// The items in byte order. They are encoded already, and that is the form they are compared in.
    fileprivate static func canonical(query: [UInt8]) -> [UInt8] {
        guard !query.isEmpty else { return [] }
        var items: [(name: [UInt8], value: [UInt8])] = []
        for item in query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            let equals = item.firstIndex(of: UInt8(ascii: "=")) ?? item.endIndex
            items.append(([UInt8](item[..<equals]), [UInt8](item[equals...].dropFirst())))
        }
        items.sort {
            $0.name != $1.name
                ? $0.name.lexicographicallyPrecedes($1.name) : $0.value.lexicographicallyPrecedes($1.value)
        }
        return items.map { $0.name + [UInt8(ascii: "=")] + $0.value }.joined(by: UInt8(ascii: "&"))
    }

    /// Fields that proxies and clients change on the way.
    private static func isSigned(_ name: [UInt8]) -> Bool {
        !name.isEqual(to: "expect") && !name.isEqual(to: "transfer-encoding") && !name.isEqual(to: "user-agent")
            && !name.isEqual(to: "x-amzn-trace-id")
    }

    /// One line for each name, in order; values of the same name are joined, runs of blanks are one.
    fileprivate static func canonical(
        _ fields: [(name: [UInt8], value: [UInt8])]
    ) -> (names: [UInt8], lines: [UInt8]) {
        var merged: [(name: [UInt8], value: [UInt8])] = []
        for field in fields where isSigned(field.name) {
            let words = field.value.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            let value = words.map { [UInt8]($0) }.joined(by: UInt8(ascii: " "))
            if let index = merged.firstIndex(where: { $0.name == field.name }) {
                merged[index].value += [UInt8(ascii: ",")] + value
            } else {
                merged.append((field.name, value))
            }
        }
        merged.sort { $0.name.lexicographicallyPrecedes($1.name) }
        var lines: [UInt8] = []
        for field in merged { lines += field.name + [UInt8(ascii: ":")] + field.value + [0x0a] }
        return (merged.map { $0.name }.joined(by: UInt8(ascii: ";")), lines)
    }
}

extension [[UInt8]] {
    /// The texts one after another, with a byte between each two.
    package func joined(by separator: UInt8) -> [UInt8] {
        var text: [UInt8] = []
        for (index, part) in enumerated() {
            if index > 0 { text.append(separator) }
            text += part
        }
        return text
    }
}
