#if !hasFeature(Embedded)
    internal import JSON
#endif

/// How a storage stands in `launch.json`.
extension LaunchSpec.Storage {
    var json: JSON {
        var members: [(name: StaticString, json: JSON)] = [
            ("name", .utf8(name)), ("endpoint", .utf8(endpoint)), ("region", .utf8(region)),
            ("pathStyle", .bool(pathStyle)), ("verify", .bool(verify)),
        ]
        if let authority { members.append(("authority", .utf8(authority))) }
        members.append(("accessKey", .utf8(accessKey)))
        members.append(("secretKey", .utf8(secretKey)))
        if let sessionToken { members.append(("sessionToken", .utf8(sessionToken))) }
        return .object(members)
    }

    init(_ json: JSON) throws(LaunchSpecError) {
        var object = try ObjectReader(json, name: [UInt8]("storages"))
        self.init(
            name: try object.text("name"), endpoint: try object.text("endpoint"), region: try object.text("region"),
            pathStyle: try object.bool("pathStyle"), verify: try object.bool("verify"),
            authority: try object.optional("authority").map { (json) throws(LaunchSpecError) in
                try json.text("authority", .innerPath)
            }, accessKey: try object.text("accessKey"), secretKey: try object.text("secretKey"),
            sessionToken: try object.optional("sessionToken").map { (json) throws(LaunchSpecError) in
                try json.text("sessionToken", .any)
            })
        try object.finish()
        guard WebAddress(parsing: endpoint) != nil else {
            throw .at(
                json, .badValue, [UInt8]("storages.endpoint"), "must be an address that begins with http:// or https://"
            )
        }
        guard S3Setting.isRegion(region) else {
            throw .at(json, .badValue, [UInt8]("storages.region"), "must be small letters, digits and hyphens")
        }
        for variable in [accessKey, secretKey] + [sessionToken ?? accessKey]
        where variable.isEmpty || variable.contains(UInt8(ascii: "=")) {
            throw .at(json, .badValue, [UInt8]("storages"), "has a variable whose name is empty or has a ‘=’")
        }
    }
}
