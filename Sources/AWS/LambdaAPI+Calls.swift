internal import ByteKit
internal import JSON
internal import Transport

/// Who may call a function, from where, and calling it.
extension LambdaAPI {
    // MARK: - Permissions

    /// A statement of a function's own policy.
    package struct Permission: Sendable, Equatable {
        package var id: String
        package var action: String
        /// `s3.amazonaws.com`, or `*`.
        package var principal: String
        package var sourceARN: String?
        package var sourceAccount: String?
        /// `NONE` or `AWS_IAM`, for function URLs.
        package var urlAuthorization: String?
        /// Whether it holds only for calls that come by way of a function URL.
        package var isViaURL = false

        package init(
            id: String, action: String = "lambda:InvokeFunction", principal: String, sourceARN: String? = nil,
            sourceAccount: String? = nil, urlAuthorization: String? = nil, isViaURL: Bool = false
        ) {
            self.id = id
            self.action = action
            self.principal = principal
            self.sourceARN = sourceARN
            self.sourceAccount = sourceAccount
            self.urlAuthorization = urlAuthorization
            self.isViaURL = isViaURL
        }

        init(_ json: JSON) {
            func condition(_ operators: [StaticString], _ key: StaticString) -> String? {
                operators.compactMap { json["Condition"]?[$0]?[key]?.string }.first
            }
            id = json["Sid"]?.string ?? ""
            action = json["Action"]?.string ?? ""
            principal =
                json["Principal"]?["Service"]?.string ?? json["Principal"]?["AWS"]?.string ?? json["Principal"]?.string
                ?? ""
            sourceARN = condition(["ArnLike", "ArnEquals", "StringEquals"], "AWS:SourceArn")
            sourceAccount = condition(["StringEquals"], "AWS:SourceAccount")
            // Lambda says the last two as conditions, and emulators beside them.
            urlAuthorization =
                condition(["StringEquals"], "lambda:FunctionUrlAuthType") ?? json["FunctionUrlAuthType"]?.string
            isViaURL =
                json["Condition"]?["Bool"]?["lambda:InvokedViaFunctionUrl"] != nil
                || json["InvokedViaFunctionUrl"]?.bool == true
        }
    }

    package func permissions(_ name: String, qualifier: String?) throws(AWSError) -> [Permission] {
        let request = AWSRequest(.lambda, "GetPolicy", .get, path(name, "/policy"), query: Self.query(qualifier))
        guard let text = try optional(request)?["Policy"]?.utf8, let policy = try? JSON.parse(text) else { return [] }
        return (policy["Statement"]?.array ?? []).map { Permission($0) }
    }

    package func add(_ permission: Permission, to name: String, qualifier: String?) throws(AWSError) {
        var members: [(name: StaticString, json: JSON)] = [
            ("StatementId", .string(permission.id)), ("Action", .string(permission.action)),
            ("Principal", .string(permission.principal)),
        ]
        if let arn = permission.sourceARN { members.append(("SourceArn", .string(arn))) }
        if let account = permission.sourceAccount { members.append(("SourceAccount", .string(account))) }
        if let type = permission.urlAuthorization { members.append(("FunctionUrlAuthType", .string(type))) }
        if permission.isViaURL { members.append(("InvokedViaFunctionUrl", .bool(true))) }
        _ = try client.json(
            AWSRequest(
                .lambda, "AddPermission", .post, path(name, "/policy"), query: Self.query(qualifier),
                json: .object(members)))
    }

    package func removePermission(_ id: String, from name: String, qualifier: String?) throws(AWSError) {
        try unlessGone(
            AWSRequest(
                .lambda, "RemovePermission", .delete, path(name, "/policy/\(URL.encode(id))"),
                query: Self.query(qualifier)))
    }

    // MARK: - Function URLs

    package struct FunctionURL: Sendable, Equatable {
        /// `NONE` or `AWS_IAM`.
        package var authorization: String
        package var cors: CORS?
        package var address: String
        /// Whether the answer is passed on while it is made.
        package var isStreamed: Bool

        init(_ json: JSON) {
            authorization = json["AuthType"]?.string ?? ""
            isStreamed = json["InvokeMode"]?.string == "RESPONSE_STREAM"
            address = json["FunctionUrl"]?.string ?? ""
            let cors = json["Cors"].map {
                CORS(
                    origins: ($0["AllowOrigins"]?.array ?? []).compactMap(\.string),
                    methods: ($0["AllowMethods"]?.array ?? []).compactMap(\.string),
                    headers: ($0["AllowHeaders"]?.array ?? []).compactMap(\.string))
            }
            self.cors = cors == CORS(origins: [], methods: [], headers: []) ? nil : cors
        }
    }

    private func urlPath(_ name: String) -> String { "/2021-10-31/functions/\(URL.encode(name))/url" }

    package func url(_ name: String, qualifier: String) throws(AWSError) -> FunctionURL? {
        try optional(
            AWSRequest(.lambda, "GetFunctionUrlConfig", .get, urlPath(name), query: Self.query(qualifier))
        ).map { FunctionURL($0) }
    }

    /// Makes a function's URL, or changes the one there is; gives its address.
    package func putURL(
        _ name: String, qualifier: String, authorization: String, cors: CORS?, isStreamed: Bool, isNew: Bool
    ) throws(AWSError) -> String {
        let cors = cors ?? CORS(origins: [], methods: [], headers: [])
        var members: [(name: StaticString, json: JSON)] = [
            ("AuthType", .string(authorization)), ("InvokeMode", .string(isStreamed ? "RESPONSE_STREAM" : "BUFFERED")),
        ]
        if !isNew || !cors.origins.isEmpty {
            members.append(
                (
                    "Cors",
                    .object([
                        ("AllowOrigins", .array(cors.origins.map { .string($0) })),
                        ("AllowMethods", .array(cors.methods.map { .string($0) })),
                        ("AllowHeaders", .array(cors.headers.map { .string($0) })),
                    ])
                ))
        }
        let json = try client.json(
            AWSRequest(
                .lambda, isNew ? "CreateFunctionUrlConfig" : "UpdateFunctionUrlConfig", isNew ? .post : .put,
                urlPath(name), query: Self.query(qualifier), json: .object(members)))
        return json["FunctionUrl"]?.string ?? ""
    }

    package func deleteURL(_ name: String, qualifier: String) throws(AWSError) {
        try unlessGone(
            AWSRequest(.lambda, "DeleteFunctionUrlConfig", .delete, urlPath(name), query: Self.query(qualifier)))
    }

    // MARK: - Calls

    package struct Outcome: Sendable {
        /// 200, or 202 for calls that nobody waits for.
        package var status: Int
        /// `Handled` or `Unhandled` when the function failed.
        package var error: String?
        package var payload: [UInt8]
        /// The end of the log.
        package var log: [UInt8]
        package var requestID: String?
        package var version: String?
    }

    /// Calls a function.
    ///
    /// - Parameter isAsynchronous: whether Lambda only takes the event and calls the function later.
    package func invoke(
        _ name: String, qualifier: String?, payload: [UInt8], isAsynchronous: Bool, wantsLog: Bool = false
    ) throws(AWSError) -> Outcome {
        var request = AWSRequest(
            .lambda, "Invoke", .post, path(name, "/invocations"), query: Self.query(qualifier),
            headers: [
                "content-type": "application/json",
                "x-amz-invocation-type": isAsynchronous ? "Event" : "RequestResponse",
            ], body: .bytes(payload))
        if wantsLog && !isAsynchronous { request.headers["x-amz-log-type"] = "Tail" }
        request.isSlow = true
        // A call whose answer is lost may have run, and costs; what is only handed over may come twice anyway.
        request.isRepeatable = isAsynchronous
        let answer = try client.send(request)
        return Outcome(
            status: answer.status, error: answer.headers["x-amz-function-error"], payload: answer.body,
            log: answer.headers["x-amz-log-result"].flatMap { Base64.decode(Array($0.utf8)) } ?? [],
            requestID: answer.requestID, version: answer.headers["x-amz-executed-version"])
    }
}

/// Which pages of other origins may ask. Fetch standard, "CORS protocol".
package struct CORS: Sendable, Equatable {
    package var origins: [String]
    package var methods: [String]
    package var headers: [String]

    package init(origins: [String], methods: [String], headers: [String]) {
        self.origins = origins
        self.methods = methods
        self.headers = headers
    }
}
