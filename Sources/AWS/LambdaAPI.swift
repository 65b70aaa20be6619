internal import ByteKit
internal import JSON
internal import Transport

/// AWS Lambda's API, as far as functions made here need it. Lambda API reference, 2015-03-31.
package struct LambdaAPI: Sendable {
    package let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// A function, or one of its versions.
    package struct Function: Sendable, Equatable {
        package var name: String
        package var arn: String
        /// `$LATEST` or a number.
        package var version: String
        package var settings: FunctionSettings
        package var architecture: String
        /// `Zip` or `Image`.
        package var packageType: String
        /// The code's SHA-256: of a zip in base 64, of an image's manifest in hexadecimal.
        package var codeDigest: String
        /// The image that it is made from, as it was given; nil for zips, and where only settings were asked for.
        package var image: String?
        package var state: String
        package var stateReason: String
        package var updateStatus: String
        package var updateReason: String
        package var lastModified: String
        package var tags: [String: String] = [:]
        package var reservedConcurrency: Int?

        init(_ json: JSON) {
            name = json["FunctionName"]?.string ?? ""
            arn = json["FunctionArn"]?.string ?? ""
            version = json["Version"]?.string ?? "$LATEST"
            settings = FunctionSettings(json)
            architecture = json["Architectures"]?[0]?.string ?? "x86_64"
            packageType = json["PackageType"]?.string ?? "Zip"
            codeDigest = json["CodeSha256"]?.string ?? ""
            state = json["State"]?.string ?? "Active"
            stateReason = json["StateReason"]?.string ?? json["StateReasonCode"]?.string ?? ""
            updateStatus = json["LastUpdateStatus"]?.string ?? "Successful"
            updateReason = json["LastUpdateStatusReason"]?.string ?? json["LastUpdateStatusReasonCode"]?.string ?? ""
            lastModified = json["LastModified"]?.string ?? ""
        }
    }

    /// Where code is taken from.
    package enum Code: Sendable, Equatable {
        case zip([UInt8])
        case object(bucket: String, key: String)
        /// An image's reference.
        case image(String)

        var members: [(name: StaticString, json: JSON)] {
            switch self {
            case .zip(let bytes): [("ZipFile", .utf8(Base64.encode(bytes)))]
            case .object(let bucket, let key): [("S3Bucket", .string(bucket)), ("S3Key", .string(key))]
            case .image(let reference): [("ImageUri", .string(reference))]
            }
        }

        var packageType: String { if case .image = self { "Image" } else { "Zip" } }
    }

    static let functions = "/2015-03-31/functions"

    func path(_ name: String, _ rest: String = "") -> String { "\(Self.functions)/\(URL.encode(name))\(rest)" }

    static func query(_ qualifier: String?) -> [(name: String, value: String)] {
        qualifier.map { [("Qualifier", $0)] } ?? []
    }

    // MARK: - Functions

    /// A function with its tags and reserved concurrency, or one of its versions; nil when there is none.
    package func function(_ name: String, qualifier: String? = nil) throws(AWSError) -> Function? {
        let request = AWSRequest(.lambda, "GetFunction", .get, path(name), query: Self.query(qualifier))
        guard let json = try optional(request), let configuration = json["Configuration"]
        else { return nil }
        var function = Function(configuration)
        function.tags = json["Tags"]?.texts ?? [:]
        function.image = json["Code"]?["ImageUri"]?.string
        function.reservedConcurrency = json["Concurrency"]?["ReservedConcurrentExecutions"]?.integer
        return function
    }

    /// What a function, a version or an alias is set to; nil when there is none.
    package func configuration(_ name: String, qualifier: String? = nil) throws(AWSError) -> Function? {
        try optional(
            AWSRequest(
                .lambda, "GetFunctionConfiguration", .get, path(name, "/configuration"), query: Self.query(qualifier))
        ).map { Function($0) }
    }

    package func functions() throws(AWSError) -> [Function] {
        try pages("ListFunctions", Self.functions, "Functions").map { Function($0) }
    }

    @discardableResult
    package func create(
        _ name: String, _ settings: FunctionSettings, _ code: Code, architecture: String, tags: [String: String]
    ) throws(AWSError) -> Function {
        let members: [(name: StaticString, json: JSON)] =
            [
                ("FunctionName", .string(name)), ("Code", .object(code.members)),
                ("PackageType", .string(code.packageType)),
            ] + settings.members.filter { $0.json != .string("") }
            + [("Architectures", .array([.string(architecture)])), ("Tags", .record(tags))]
        return Function(
            try client.json(
                AWSRequest(.lambda, "CreateFunction", .post, Self.functions, json: .object(members))))
    }

    package func updateCode(_ name: String, _ code: Code, architecture: String) throws(AWSError) {
        let members = code.members + [("Architectures", JSON.array([.string(architecture)]))]
        _ = try client.json(
            AWSRequest(.lambda, "UpdateFunctionCode", .put, path(name, "/code"), json: .object(members)))
    }

    package func updateSettings(_ name: String, _ settings: FunctionSettings) throws(AWSError) {
        _ = try client.json(
            AWSRequest(
                .lambda, "UpdateFunctionConfiguration", .put, path(name, "/configuration"),
                json: .object(settings.members)))
    }

    package func delete(_ name: String, version: String? = nil) throws(AWSError) {
        try unlessGone(
            AWSRequest(.lambda, "DeleteFunction", .delete, path(name), query: Self.query(version)))
    }

    package func reserveConcurrency(_ name: String, _ count: Int?) throws(AWSError) {
        let path = "/2017-10-31/functions/\(URL.encode(name))/concurrency"
        guard let count else {
            return try unlessGone(AWSRequest(.lambda, "DeleteFunctionConcurrency", .delete, path))
        }
        let json = JSON.object([("ReservedConcurrentExecutions", .integer(count))])
        _ = try client.json(AWSRequest(.lambda, "PutFunctionConcurrency", .put, path, json: json))
    }

    package func tag(_ arn: String, _ tags: [String: String]) throws(AWSError) {
        _ = try client.send(
            AWSRequest(
                .lambda, "TagResource", .post, "/2017-03-31/tags/\(URL.encode(arn))",
                json: .object([("Tags", .record(tags))])))
    }

    // MARK: - Versions and aliases

    /// The numbers of a function's versions, rising.
    package func versions(_ name: String) throws(AWSError) -> [Int] {
        try versionSettings(name).map(\.version)
    }

    /// A function's versions, by rising number, and what each is set to.
    package func versionSettings(_ name: String) throws(AWSError) -> [(version: Int, settings: FunctionSettings)] {
        try pages("ListVersionsByFunction", path(name, "/versions"), "Versions").compactMap { json in
            json["Version"]?.string.flatMap { Int($0) }.map { (version: $0, settings: FunctionSettings(json)) }
        }.sorted { $0.version < $1.version }
    }

    /// Makes a version of what the function is now; gives the last one when nothing has changed since.
    ///
    /// - Parameter codeDigest: what its code must have, or Lambda refuses; nil for any.
    package func publishVersion(_ name: String, codeDigest: String?) throws(AWSError) -> String {
        let json = try client.json(
            AWSRequest(
                .lambda, "PublishVersion", .post, path(name, "/versions"),
                json: .object(codeDigest.map { [("CodeSha256", .string($0))] } ?? [])))
        return json["Version"]?.string ?? ""
    }

    /// The version that an alias stands for; nil when there is no such alias.
    package func alias(_ name: String, _ alias: String) throws(AWSError) -> String? {
        try optional(AWSRequest(.lambda, "GetAlias", .get, path(name, "/aliases/\(URL.encode(alias))")))?[
            "FunctionVersion"]?.string
    }

    /// The versions that any alias stands for, besides one.
    package func aliasedVersions(_ name: String, besides left: String? = nil) throws(AWSError) -> Set<String> {
        var versions: Set<String> = []
        for alias in try pages("ListAliases", path(name, "/aliases"), "Aliases")
        where left == nil || alias["Name"]?.string != left {
            if let version = alias["FunctionVersion"]?.string { versions.insert(version) }
            for weighted in alias["RoutingConfig"]?["AdditionalVersionWeights"]?.members ?? [] {
                versions.insert(String(decoding: weighted.name, as: UTF8.self))
            }
        }
        return versions
    }

    package func createAlias(_ name: String, _ alias: String, version: String) throws(AWSError) {
        let json = JSON.object([("Name", .string(alias)), ("FunctionVersion", .string(version))])
        _ = try client.json(AWSRequest(.lambda, "CreateAlias", .post, path(name, "/aliases"), json: json))
    }

    package func updateAlias(_ name: String, _ alias: String, version: String) throws(AWSError) {
        _ = try client.json(
            AWSRequest(
                .lambda, "UpdateAlias", .put, path(name, "/aliases/\(URL.encode(alias))"),
                json: .object([("FunctionVersion", .string(version))])))
    }

    // MARK: - Helpers

    func optional(_ request: AWSRequest) throws(AWSError) -> JSON? {
        do throws(AWSError) {
            return try client.json(request)
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    func unlessGone(_ request: AWSRequest) throws(AWSError) {
        do throws(AWSError) { _ = try client.send(request) } catch { guard error.isNotFound else { throw error } }
    }

    func pages(
        _ operation: String, _ path: String, _ list: StaticString, query: [(name: String, value: String)] = []
    ) throws(AWSError) -> [JSON] {
        var found: [JSON] = []
        var (tokens, marker) = (PageTokens(), String?.none)
        repeat {
            let request = AWSRequest(
                .lambda, operation, .get, path, query: query + (marker.map { [("Marker", $0)] } ?? []))
            let json = try client.json(request)
            found += json[list]?.array ?? []
            marker = try tokens.next(json["NextMarker"]?.string, after: operation)
        } while marker != nil
        return found
    }
}
